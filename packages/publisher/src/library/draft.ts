import { stat } from 'node:fs/promises';
import { basename, dirname, relative } from 'node:path';
import { type ModelSpec, NearsideError, sessionFiles, type Variant } from '@nearside/core';
import { draftSpec, type SourceModel } from '../drafting/draft-spec.js';
import { emptyBaseline } from '../drafting/empty-baseline.js';
import { readGoldenScript } from '../drafting/golden-script.js';
import { asImageClassifier, type ClassifierOptions } from '../drafting/image-classifier.js';
import { draftModelCard } from '../drafting/model-card.js';
import { draftRandomCases, type InputOptions } from '../drafting/random-inputs.js';
import { readSource } from '../drafting/read-source.js';
import { type DraftedFile, findPlace, writeDraft } from '../drafting/write-draft.js';
import { filesDigest } from '../files/digests.js';
import { findModelFile } from '../packing/model-file.js';
import { fileMissing } from '../packing/read-json-file.js';

export interface DraftOptions extends InputOptions, Pick<ClassifierOptions, 'labels' | 'size'> {
  /**
   * An ONNX file or a directory with one, a TFLite file, a TensorFlow.js directory, a Hugging Face folder;
   * or a model directory, which needs no draft.
   */
  readonly source: string;
  /** Where to draft the model directory: a new or empty directory, or an earlier draft. */
  readonly out: string;
  /** Name of the model; by default made from the name of the source. */
  readonly name?: string | undefined;
  /** Semantic version, 1.0.0 by default; `weights` makes one of the hash of the weights: `0.0.0-h1b2c3d4e`. */
  readonly version?: string | undefined;
  /** 1 by default. */
  readonly sequence?: number | undefined;
  /** Makes a classifier of pictures of a model that takes and gives tensors. */
  readonly task?: 'image-classification' | undefined;
}

export interface Draft {
  /** The model directory: the draft, or the source itself. */
  readonly directory: string;
  /** True if it was drafted from something else. */
  readonly drafted: boolean;
  /** Sentences about what the draft says and no file does. */
  readonly assumed: readonly string[];
}

/**
 * Makes a model directory from a model as training tools leave it. It copies the weights and writes model.json, an
 * empty baseline, golden cases of seeded random inputs, the script that computes their answers ({@link fillGolden}),
 * and a card to be completed. The same source and options write the same bytes, and nothing the second time.
 *
 * @throws NearsideError `file-missing`, `model-invalid`, `metadata-malformed`, `name-unsafe` or `output-exists`
 * @throws TypeError when a model directory is given options of a draft, or `shapes` and `ranges` do not fit the inputs
 */
export async function draft(options: DraftOptions): Promise<Draft> {
  const { source: path, out, name, version = '1.0.0', sequence = 1 } = options;
  const source = await readSource(path);
  if (source.kind === 'model-directory') {
    refuseOptions(options);
    return { directory: path, drafted: false, assumed: [] };
  }
  await requireWeights(path, source.model);
  const { model, assumed } = await withTask(source.model, options);
  const identity = {
    name: name ?? nameFrom(model.title),
    version: version === 'weights' ? await versionOf(model.variants, model.weights) : version,
    sequence,
  };
  const spec = draftSpec(model, identity);
  const files = new Map<string, DraftedFile>([
    ...model.weights,
    ...draftDocuments(spec, { ...options, ranges: { ...model.ranges, ...options.ranges } }),
    ...(await readGoldenScript()),
  ]);
  const place = await findPlace(out, files);
  if (!place.isThere) await writeDraft(place);
  return { directory: out, drafted: true, assumed };
}

async function withTask(
  model: SourceModel,
  { task, ...options }: DraftOptions,
): Promise<{ model: SourceModel; assumed: readonly string[] }> {
  if (task !== undefined) {
    const classifier = await asImageClassifier(model, options);
    return { model: classifier.model, assumed: [classifier.assumed] };
  }
  const given = (['labels', 'size'] as const).find((option) => options[option] !== undefined);
  if (given === undefined) return { model, assumed: model.assumed ?? [] };
  throw new TypeError(`draft: expected \`task\` image-classification beside \`${given}\`.`);
}

async function requireWeights(source: string, { weights }: SourceModel): Promise<void> {
  const folder = (await stat(source)).isDirectory() ? source : dirname(source);
  for (const path of weights.values()) {
    // The file that somebody names may be a link of their own.
    if (
      typeof path !== 'string' ||
      path === source ||
      (await findModelFile(folder, relative(folder, path)))
    )
      continue;
    const advice = 'The model names it as the place of its weights: put it there.';
    throw fileMissing(dirname(path), basename(path), { advice });
  }
}

function draftDocuments(spec: ModelSpec, options: InputOptions): Map<string, Uint8Array> {
  const cases = draftRandomCases(spec, options).map((drafted) => ({ ...drafted, expected: {} }));
  return new Map([
    ['model.json', json(spec)],
    ['baseline.json', json(emptyBaseline(spec))],
    ['golden.json', json({ format: 1, cases, tolerance: {} })],
    ['MODEL.md', encode(draftModelCard(spec))],
  ]);
}

/**
 * Makes a version of the hash of what ships. Eight digits tell the weights of one model apart. The letter makes them a
 * valid prerelease.
 */
export async function versionOf(
  variants: readonly Variant[],
  weights: ReadonlyMap<string, DraftedFile>,
): Promise<string> {
  const shipped = variants.filter(({ ships = true }) => ships);
  const names = [...new Set(shipped.flatMap(sessionFiles))].sort();
  const files = names.map((name) => [name, weights.get(name) as DraftedFile] as const);
  return `0.0.0-h${(await filesDigest(files)).slice(0, 8)}`;
}

/** `My_Model v2` → `my-model-v2` */
function nameFrom(title: string): string {
  const name = basename(title)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 64)
    .replace(/^-+|-+$/g, '');
  if (name !== '') return name;
  throw new NearsideError(
    'model-invalid',
    `${title}: expected letters or digits to name the model after, got none. Give a name with ` +
      '`--name`.',
  );
}

const OF_DRAFTS = [
  'name',
  'version',
  'sequence',
  'task',
  'labels',
  'size',
  'shapes',
  'ranges',
] as const;

function refuseOptions(options: DraftOptions): void {
  const given = OF_DRAFTS.find((option) => options[option] !== undefined);
  if (given === undefined) return;
  throw new TypeError(
    `draft: expected no \`${given}\` for ${options.source}, because it is a model directory: edit ` +
      'its model.json and golden.json.',
  );
}

function json(value: unknown): Uint8Array {
  return encode(`${JSON.stringify(value, null, 2)}\n`);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
