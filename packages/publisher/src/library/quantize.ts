import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  FileNameSchema,
  type ModelSpec,
  parseGolden,
  parseModelSpec,
  sessionFiles,
  sum,
  type Variant,
} from '@nearside/core';
import { is } from 'valibot';
import { redraftModelCard } from '../drafting/model-card.js';
import {
  type DraftedFile,
  type DraftPlace,
  findPlace,
  RECORD_FILE,
  recordDraft,
  requireApart,
  writeDraft,
  writeFiles,
} from '../drafting/write-draft.js';
import type { Evaluation } from '../evaluating/judging/evaluation.js';
import {
  EVALUATION_FILE,
  withoutEvaluation,
  writeEvaluation,
} from '../evaluating/report/write-evaluation.js';
import { listFiles } from '../files/list-files.js';
import { sizeOf } from '../files/stat-path.js';
import { openTemporary } from '../files/temporary.js';
import { keepVariants, type SpecJson } from '../packing/edit-documents.js';
import { filesOf } from '../packing/model-directory.js';
import { findModelFile } from '../packing/model-file.js';
import { readJsonFile } from '../packing/read-json-file.js';
import { RUNTIME_BYTES } from '../packing/try-runtime.js';
import { makeFormats } from '../quantizing/make-formats.js';
import { type PlannedFormat, planFormats } from '../quantizing/plan-formats.js';
import type { Format, QuantizedVariant } from '../quantizing/quantize-variant.js';
import type { QuantizedTensor } from '../quantizing/quantized-tensor.js';
import { type DraftOptions, draft, versionOf } from './draft.js';
import {
  type FilledGolden,
  type FillGoldenOptions,
  fillGolden,
  referenceFor,
} from './fill-golden.js';
import { gateFormats } from './gate-formats.js';
import { type GateOptions, tellingAssumed } from './pass-gate.js';

export interface QuantizeOptions extends DraftOptions, Omit<FillGoldenOptions, 'directory'> {
  /** By default `int8` for ONNX and `uint8` for TensorFlow.js. */
  readonly formats?: readonly Format[] | undefined;
  /** Names of tensors that stay as they are. */
  readonly keep?: readonly string[] | undefined;
  /** Evaluates what is made. Tensors become half floats until it passes, and it is refused where none does. */
  readonly gate?: GateOptions | undefined;
}

export interface QuantizedModel {
  /** A model directory. */
  readonly directory: string;
  readonly variants: readonly VariantBytes[];
  readonly assumed: readonly string[];
  readonly golden: FilledGolden;
  readonly evaluation?: Evaluation | undefined;
}

export interface VariantBytes {
  readonly name: string;
  /** False for one that is compared with, and not packed. */
  readonly ships: boolean;
  readonly sizeBytes: number;
  /** Those that are stored in fewer bits; none for the original. */
  readonly tensors: readonly QuantizedTensor[];
}

/**
 * Makes a model small: a model directory with another variant for each format, whose weights are stored in fewer bits.
 * The variant that they are made from stays, to be compared with; `pack` leaves it out. The same source and options write
 * the same bytes on every machine.
 *
 * @throws NearsideError `model-invalid`, naming file and tensor, where there is nothing to make smaller, or it cannot be;
 *   `output-exists` where source and output lie in each other; `gate-refused`; or a code of `draft`, `fillGolden` or
 *   `evaluate`
 * @throws TypeError when a model directory is given options of a draft
 */
export async function quantize(options: QuantizeOptions): Promise<QuantizedModel> {
  const { source, out, formats, keep = [], gate } = options;
  await requireApart(out, [source]);
  await using drafts = await openTemporary('draft');
  const { directory: given, drafted, assumed } = await draft({ ...options, out: drafts.directory });
  if (!drafted) await requireApart(source, [out]);
  const before = parseModelSpec(await readJsonFile(given, 'model.json'));
  const planned = planFormats(before.variants, formats);
  await using copies = await openTemporary('originals');
  const directory = await withoutEarlier(given, planned, copies.directory);
  const making = { source, keep: new Set(keep) };
  const judge = (by: GateOptions) =>
    tellingAssumed(assumed, by, () => gateFormats(directory, planned, { ...making, gate: by }));
  const gated = gate && (await judge(gate));
  const made = gated?.made ?? (await makeFormats(directory, planned, making));
  const { spec, files } = await smallerFiles(directory, { ...options, before, planned, made });
  const golden = await writeAnswered(await findPlace(out, files), { ...options, directory });
  const { version } = spec; // it may be made of what was written
  const evaluation = gated && { ...gated.evaluation, version };
  if (evaluation) await writeEvaluation(out, evaluation);
  const weighed = spec.variants.map((one) => bytesOf(out, one, made));
  return { directory: out, variants: await Promise.all(weighed), assumed, golden, evaluation };
}

type MadeFormats = ReadonlyMap<Format, QuantizedVariant>;

/** @returns a copy without the variants that are made anew, their files and answers; the directory itself where it has none */
async function withoutEarlier(
  directory: string,
  planned: readonly PlannedFormat[],
  copy: string,
): Promise<string> {
  const before = parseModelSpec(await readJsonFile(directory, 'model.json'));
  const names = before.variants.map(({ name }) => name);
  const others = names.filter((name) => !planned.some(({ format }) => format === name));
  if (others.length === names.length) return directory;
  await cp(directory, copy, { recursive: true });
  await keepVariants(copy, new Set(others));
  const golden = parseGolden(await readJsonFile(directory, 'golden.json'));
  const variants = before.variants.filter(({ name }) => others.includes(name));
  const kept = new Set(filesOf({ ...before, variants }, golden));
  const gone = filesOf(before, golden).filter((file) => !kept.has(file));
  for (const file of gone) await rm(join(copy, file), { force: true });
  return copy;
}

/**
 * Writes a draft whose golden cases a wasm has answered, so that nothing is written of a model that does not open. Python
 * answers in its place, where a person may run it too.
 *
 * @param options `directory`: where the draft comes from
 */
async function writeAnswered(place: DraftPlace, options: FillGoldenOptions): Promise<FilledGolden> {
  const { directory, isThere, files } = place;
  if (isThere || (await referenceFor(options)) === 'python') {
    if (!isThere) await writeDraft(place);
    const golden = await fillGolden({ ...options, directory });
    if (golden.state === 'filled') await recordDraft(place, await filesIn(directory));
    return golden;
  }
  await using answered = await openTemporary('answered');
  await writeFiles(answered.directory, files);
  const golden = await fillGolden({ ...options, directory: answered.directory });
  await writeDraft(place, await filesIn(answered.directory));
  return golden;
}

/** @returns a model directory with what was made, in front of what is there. Of that the originals ship no more. */
async function smallerFiles(
  directory: string,
  of: Pick<QuantizeOptions, 'version'> & {
    /** The model.json of the source. */
    readonly before: ModelSpec;
    readonly planned: readonly PlannedFormat[];
    readonly made: MadeFormats;
  },
): Promise<{ spec: SpecJson; files: Map<string, DraftedFile> }> {
  const { before, planned, made } = of;
  const originals = new Set(planned.map(({ base }) => base.name));
  const json = (await readJsonFile(directory, 'model.json')) as SpecJson;
  const variants = [
    ...[...made.values()].map(({ variant }) => variant),
    ...json.variants.map((one) => (originals.has(one.name) ? { ...one, ships: false } : one)),
  ];
  const files = await filesIn(directory);
  for (const one of made.values()) for (const [name, bytes] of one.files) files.set(name, bytes);
  const version = of.version === 'weights' ? await versionOf(variants, files) : json.version;
  const edited = { ...json, version, variants, limits: limitsOf(json, variants) };
  files.set('model.json', Buffer.from(`${JSON.stringify(edited, null, 2)}\n`));
  const card = redraftModelCard(await readCard(directory), before, { ...before, ...edited });
  files.set('MODEL.md', Buffer.from(card));
  return { spec: edited, files };
}

/** A number that was measured of a variant that does not ship says nothing of those that do: `pack` measures again. */
function limitsOf({ limits, variants: before }: SpecJson, variants: readonly Variant[]) {
  const measured = before.map(({ memoryBytes = 0 }) => memoryBytes);
  if (limits.memoryBytes !== Math.max(...measured)) return limits;
  const shipped = variants.filter(({ ships = true }) => ships);
  const most = shipped.map(({ memoryBytes = 0 }) => memoryBytes);
  return { ...limits, memoryBytes: Math.max(RUNTIME_BYTES, ...most) };
}

async function bytesOf(
  directory: string,
  variant: Variant,
  made: MadeFormats,
): Promise<VariantBytes> {
  const { name, ships = true } = variant;
  const sizes = sessionFiles(variant).map((file) => sizeOf(join(directory, file)));
  const sizeBytes = sum(await Promise.all(sizes));
  return { name, ships, sizeBytes, tensors: made.get(name as Format)?.tensors ?? [] };
}

/** The card without the evaluation of other variants. */
async function readCard(directory: string): Promise<string> {
  return withoutEvaluation(await readFile(join(directory, 'MODEL.md'), 'utf8'));
}

/** All but records. */
async function filesIn(directory: string): Promise<Map<string, DraftedFile>> {
  const names = (await listFiles(directory)) ?? [];
  const files = new Map<string, DraftedFile>();
  for (const name of names.filter((name) => !LEFT_OUT.has(name) && is(FileNameSchema, name))) {
    const path = await findModelFile(directory, name);
    if (path !== undefined) files.set(name, path);
  }
  return files;
}

const LEFT_OUT: ReadonlySet<string> = new Set([RECORD_FILE, EVALUATION_FILE]);
