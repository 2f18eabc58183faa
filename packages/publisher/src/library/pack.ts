import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { graphFileName, requireFewRepeats } from '@nearside/artifact';
import { type Layout, partsOf, sum, type Variant } from '@nearside/core';
import { readCurrentCard } from '../evaluating/report/stale-evaluation.js';
import { withoutEvaluation } from '../evaluating/report/write-evaluation.js';
import { replaceFile } from '../files/replace-file.js';
import type { OnProgress } from '../files/slices.js';
import { cutOutWeights } from '../packing/cut-out-weights.js';
import { editSpec } from '../packing/edit-documents.js';
import type { GoldenSize } from '../packing/golden-size.js';
import { layOutBytes, layOutFiles } from '../packing/lay-out-files.js';
import { type ModelDirectory, readModelDirectory } from '../packing/model-directory.js';
import { openOutputDirectory, writeOutput } from '../packing/output-directory.js';
import { moveBack, type StagedModel, stageModel } from '../packing/stage-model.js';
import { type Trial, tryRuntime } from '../packing/try-runtime.js';
import { type OnStep, tellingLong } from './telling-long.js';

export interface PackOptions {
  /** Directory with model.json, golden.json, baseline.json, MODEL.md and all files they name. */
  readonly modelDirectory: string;
  /** Directory to write to: new, empty, or the output of an earlier pack. */
  readonly out: string;
  /**
   * The file of ONNX Runtime that devices need. `try` runs the golden cases in the common one, to see if it is enough,
   * and notes in model.json how much memory they took. By default the layout says nothing, and devices use the full file.
   */
  readonly onnxRuntime?: Layout['onnxRuntime'] | 'try';
  /** False leaves the part of an evaluation out of MODEL.md, so that the same model has the same bytes without one. */
  readonly evaluation?: boolean;
  /** True where the caller has just evaluated it, and knows the verdicts. */
  readonly isEvaluated?: boolean;
  readonly onProgress?: OnProgress | undefined;
  /** Takes a sentence where `try` takes longer than two seconds. */
  readonly onStep?: OnStep | undefined;
}

export interface PackedModel extends GoldenSize {
  readonly directory: string;
  readonly model: string;
  readonly version: string;
  readonly sequence: number;
  readonly variants: readonly string[];
  /** The heap that the largest of them needs, as model.json says now. */
  readonly memoryBytes: number;
  readonly onnxRuntime: Layout['onnxRuntime'];
  /** Sentences about golden cases that prove nothing, what ONNX Runtime did not run, and an evaluation of other files. */
  readonly notes: readonly string[];
  readonly files: readonly PackedFile[];
  readonly sizeBytes: number;
  /** Bytes of the chunks on a server: compressed where that is worth it, each counted once. */
  readonly storedBytes: number;
}

export interface PackedFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly chunks: number;
  readonly storedBytes: number;
}

/**
 * Checks a model directory and copies it with the layout of its chunks, for `publish`. Weights of ONNX files over 1 MiB
 * get a file of their own; with `onnxRuntime` as `try` they stay inside a file that ONNX Runtime runs only so. For each
 * variant that it understands it also writes the files without their weights, for `canRun`. The same directory gives the
 * same bytes.
 *
 * @throws NearsideError `file-missing`, `metadata-malformed`, `model-invalid`, `output-exists` or `bundle-mismatch`
 */
export async function pack({
  modelDirectory,
  out,
  onnxRuntime,
  evaluation = true,
  isEvaluated = false,
  onProgress = () => {},
  onStep,
}: PackOptions): Promise<PackedModel> {
  const source = await readModelDirectory(modelDirectory);
  const earlier = await openOutputDirectory(out, { modelDirectory });
  await using staged = await stageModel(source);
  const { card, leftOut, verdicts } = await readCurrentCard(source.path, source.spec.variants);
  await writeCard(staged, evaluation ? card : withoutEvaluation(card));
  const { needed, runtimeNotes } =
    onnxRuntime === 'try'
      ? await tellingLong(TRYING, onStep, () => tryStaged(staged, source))
      : { needed: onnxRuntime, runtimeNotes: [] };
  const { path, spec, golden, goldenSize, goldenNotes, files } = await readModelDirectory(
    staged.directory,
  );
  const ofModel = await layOutFiles(path, files, { variants: spec.variants, onProgress });
  const graphs = await makeGraphs(path, spec.variants);
  const laidOut = { ...ofModel, files: { ...ofModel.files, ...(await layOutBytes(graphs)) } };
  const layout = needed ? { ...laidOut, onnxRuntime: needed } : laidOut;
  requireFewRepeats(layout, spec, golden);
  await writeOutput(out, { earlier, modelDirectory: path, layout, made: graphs });
  const { name: model, version, sequence } = spec;
  const variants = spec.variants.map((variant) => variant.name);
  const { memoryBytes } = spec.limits;
  const identity = {
    model,
    version,
    sequence,
    variants,
    memoryBytes,
    onnxRuntime: needed,
    notes: [
      ...goldenNotes,
      ...(evaluation ? leftOut : []),
      ...(isEvaluated ? [] : verdicts),
      ...runtimeNotes,
    ],
  };
  return { directory: out, ...identity, ...goldenSize, ...weigh(layout) };
}

const TRYING = 'Golden cases run in the files of ONNX Runtime, to see which one devices need.';

async function writeCard({ directory }: StagedModel, card: string): Promise<void> {
  const path = join(directory, 'MODEL.md');
  if ((await readFile(path, 'utf8')) === card) return;
  await replaceFile(path, (temporary) => writeFile(temporary, card));
}

/**
 * Notes in model.json how much memory was needed. A larger number that its author wrote stays. Weights go back into the
 * ONNX files of variants that do not run without them.
 */
async function tryStaged(staged: StagedModel, source: ModelDirectory) {
  const first = await tryRuntime(staged.directory);
  const failed = source.spec.variants.filter(({ name }) => first.failures.has(name));
  const models = failed.flatMap(partsOf).map(({ files }) => files[0] as string);
  const back = [...new Set(models)].filter((model) => staged.moved.has(model));
  if (back.length > 0) await moveBack(staged, source, back);
  const trial = back.length > 0 ? await tryRuntime(staged.directory) : first;
  await noteMemory(staged, trial);
  const needs = [...trial.needyNodes].map(
    ([variant, { operator, name }]) =>
      `Variant '${variant}' needs the full file of ONNX Runtime, 3.7 MB instead of 1.6, for node '${name}' (${operator}), ` +
      'which calls a function that the common file lacks. Devices fetch it by themselves.',
  );
  const fails = failed.map(({ name }) => {
    const failure = trial.failures.get(name);
    return failure === undefined
      ? `The weights of variant '${name}' stay in its ONNX file, because ONNX Runtime does not run it with them beside ` +
          `it: ${first.failures.get(name)}`
      : `Variant '${name}' does not pass its golden cases in ONNX Runtime: ${failure}`;
  });
  return { needed: trial.onnxRuntime, runtimeNotes: [...fails, ...needs] };
}

async function noteMemory({ directory }: StagedModel, { memoryBytes }: Trial): Promise<void> {
  await editSpec(directory, (json) => {
    const variants = json.variants.map((variant) => ({
      ...variant,
      memoryBytes: Math.max(variant.memoryBytes ?? 0, memoryBytes.get(variant.name) as number),
    }));
    const most = Math.max(json.limits.memoryBytes, ...variants.map((one) => one.memoryBytes));
    return { ...json, variants, limits: { ...json.limits, memoryBytes: most } };
  });
}

async function makeGraphs(directory: string, variants: readonly Variant[]) {
  const graphs = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const variant of variants) {
    const graph = await cutOutWeights(directory, variant);
    if (graph) graphs.set(graphFileName(variant.name), graph);
  }
  return graphs;
}

function weigh({ files }: Layout): Pick<PackedModel, 'files' | 'sizeBytes' | 'storedBytes'> {
  const stored = new Map<string, number>();
  const weighed = Object.entries(files).map(([name, chunks]): PackedFile => {
    for (const [sha256, size, gzip] of chunks) stored.set(sha256, gzip ?? size);
    return {
      name,
      sizeBytes: sum(chunks.map(([, size]) => size)),
      chunks: chunks.length,
      storedBytes: sum(chunks.map(([, size, gzip]) => gzip ?? size)),
    };
  });
  return {
    files: weighed,
    sizeBytes: sum(weighed.map((file) => file.sizeBytes)),
    storedBytes: sum(stored.values()),
  };
}
