import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  FileNameSchema,
  type Golden,
  type ModelSpec,
  parseModelSpec,
  type Runtime,
  sessionFiles,
  sum,
  type Variant,
} from '@nearside/core';
import { is } from 'valibot';
import {
  type DraftedFile,
  RECORD_FILE,
  requireApart,
  writeDraft,
} from '../drafting/write-draft.js';
import { modelInvalid } from '../errors/model-invalid.js';
import type { Evaluation } from '../evaluating/evaluation.js';
import {
  EVALUATION_FILE,
  withoutEvaluation,
  writeEvaluation,
} from '../evaluating/write-evaluation.js';
import { listFiles } from '../files/list-files.js';
import { sizeOf } from '../files/stat-path.js';
import { openTemporary } from '../files/temporary-directory.js';
import { findModelFile } from '../packing/model-file.js';
import { readJsonFile } from '../packing/read-json-file.js';
import { RUNTIME_BYTES } from '../packing/try-runtime.js';
import {
  computedIn,
  FORMATS,
  type Format,
  type QuantizedVariant,
  quantizeVariant,
} from '../quantizing/quantize-variant.js';
import type { QuantizedTensor } from '../quantizing/quantized-tensor.js';
import { type DraftOptions, draft, versionOf } from './draft.js';
import { type FilledGolden, type FillGoldenOptions, fillGolden } from './fill-golden.js';
import { gateFormats, type PlannedFormat } from './gate-formats.js';
import type { GateOptions } from './pass-gate.js';

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
  const { variants: before } = parseModelSpec(await readJsonFile(given, 'model.json'));
  const planned = planVariants(before, formats);
  const originals = new Set(planned.map(({ base }) => base));
  const isEarlier = ({ name }: Variant) => planned.some(({ format }) => format === name);
  const earlier = before.filter(isEarlier).map(({ name }) => name);
  const directory =
    earlier.length > 0 ? await copyWithout(earlier, given, drafts.directory) : given;
  const whole = await quantizeAll(directory, planned, keep);
  requireChanged(whole, { source, keep });
  const gated = gate && (await gateFormats(directory, planned, { keep: new Set(keep), gate }));
  const made = gated?.made ?? whole;
  const variants = [
    ...[...made.values()].map(({ variant }) => variant),
    ...before
      .filter((one) => !isEarlier(one))
      .map((one) => (originals.has(one) ? { ...one, ships: false } : one)),
  ];
  const files = await filesIn(directory);
  for (const one of made.values()) for (const [name, bytes] of one.files) files.set(name, bytes);
  const json = (await readJsonFile(directory, 'model.json')) as SpecJson;
  const version = options.version === 'weights' ? await versionOf(variants, files) : json.version;
  const edited = { ...json, version, variants, limits: limitsOf(json, variants) };
  files.set('model.json', Buffer.from(`${JSON.stringify(edited, null, 2)}\n`));
  await writeDraft(out, files);
  const golden = await fillGolden({ ...options, directory: out });
  const evaluation = gated && { ...gated.evaluation, version };
  if (evaluation) await writeEvaluation(out, evaluation);
  const weighed = await weigh(out, variants, made);
  return { directory: out, variants: weighed, assumed, golden, evaluation };
}

async function quantizeAll(
  directory: string,
  planned: readonly PlannedFormat[],
  keep: readonly string[],
): Promise<Map<Format, QuantizedVariant>> {
  const made = new Map<Format, QuantizedVariant>();
  for (const { format, base } of planned) {
    made.set(format, await quantizeVariant(directory, base, { format, keep: new Set(keep) }));
  }
  return made;
}

/** Copies a model directory without variants that are made anew, and without their answers. */
async function copyWithout(
  names: readonly string[],
  directory: string,
  to: string,
): Promise<string> {
  await cp(directory, to, { recursive: true });
  const spec = (await readJsonFile(to, 'model.json')) as SpecJson;
  const variants = spec.variants.filter(({ name }) => !names.includes(name));
  await writeFile(join(to, 'model.json'), JSON.stringify({ ...spec, variants }, null, 2));
  const golden = (await readJsonFile(to, 'golden.json')) as Golden;
  const others = <Value>(named: Readonly<Record<string, Value>>) =>
    Object.fromEntries(Object.entries(named).filter(([name]) => !names.includes(name)));
  const cases = golden.cases.map((one) => ({ ...one, expected: others(one.expected) }));
  const edited = { ...golden, cases, tolerance: others(golden.tolerance) };
  await writeFile(join(to, 'golden.json'), JSON.stringify(edited, null, 2));
  return to;
}

/** model.json as its author wrote it, without what the schema fills in. */
type SpecJson = Pick<ModelSpec, 'version' | 'variants' | 'limits'>;

const USUAL: Readonly<Record<Runtime, Format>> = { onnx: 'int8', tfjs: 'uint8' };

/**
 * @returns each format with the variant that it is made from: one of floats that its runtime loads, first those that are
 *   there to be compared with. A variant that is quantised already computes with floats too; an earlier one of the format is
 *   made anew.
 */
function planVariants(
  variants: readonly Variant[],
  formats: readonly Format[] | undefined,
): PlannedFormat[] {
  const floats = variants
    .filter(({ name, dtype }) => !Object.hasOwn(FORMATS, name) && FLOATS.has(dtype))
    .sort((a, b) => Number(a.ships ?? true) - Number(b.ships ?? true));
  const wanted = formats ?? [...new Set(floats.map(({ runtime }) => USUAL[runtime]))];
  if (wanted.length === 0) throw alreadyQuantised(variants);
  return wanted.map((format) => {
    const base = floats.find(({ runtime }) => runtime === FORMATS[format]);
    if (!base) throw alreadyQuantised(variants, format);
    const taken = variants.find(({ name }) => name === format);
    if (taken && taken.dtype !== computedIn(format)) throw nameTaken(format);
    return { format, base };
  });
}

const FLOATS: ReadonlySet<string> = new Set(['fp32', 'unknown']);

/** @throws NearsideError `model-invalid` for a format that changes nothing, and for a tensor to keep that is not there */
function requireChanged(
  made: ReadonlyMap<Format, QuantizedVariant>,
  { source, keep }: { readonly source: string; readonly keep: readonly string[] },
): void {
  const kept = new Set([...made.values()].flatMap((one) => one.kept));
  const missing = keep.find((name) => !kept.has(name));
  if (missing !== undefined) throw notThere(missing, source);
  for (const [format, { tensors }] of made) {
    if (tensors.length === 0) throw nothingToGain(source, format);
  }
}

/** A number that was measured of a variant that does not ship says nothing of those that do: `pack` measures again. */
function limitsOf({ limits, variants: before }: SpecJson, variants: readonly Variant[]) {
  const measured = before.map(({ memoryBytes = 0 }) => memoryBytes);
  if (limits.memoryBytes !== Math.max(...measured)) return limits;
  const shipped = variants.filter(({ ships = true }) => ships);
  const most = shipped.map(({ memoryBytes = 0 }) => memoryBytes);
  return { ...limits, memoryBytes: Math.max(RUNTIME_BYTES, ...most) };
}

function weigh(
  directory: string,
  variants: readonly Variant[],
  made: ReadonlyMap<Format, QuantizedVariant>,
): Promise<VariantBytes[]> {
  const weighed = variants.map(async (variant) => {
    const { name, ships = true } = variant;
    const sizes = sessionFiles(variant).map((file) => sizeOf(join(directory, file)));
    const sizeBytes = sum(await Promise.all(sizes));
    return { name, ships, sizeBytes, tensors: made.get(name as Format)?.tensors ?? [] };
  });
  return Promise.all(weighed);
}

/** All but records, and the evaluation of other variants. */
async function filesIn(directory: string): Promise<Map<string, DraftedFile>> {
  const names = (await listFiles(directory)) ?? [];
  const files = new Map<string, DraftedFile>();
  for (const name of names.filter((name) => !LEFT_OUT.has(name) && is(FileNameSchema, name))) {
    const path = await findModelFile(directory, name);
    if (path !== undefined) files.set(name, path);
  }
  const card = files.get('MODEL.md');
  if (typeof card === 'string') {
    files.set('MODEL.md', Buffer.from(withoutEvaluation(await readFile(card, 'utf8'))));
  }
  return files;
}

const LEFT_OUT: ReadonlySet<string> = new Set([RECORD_FILE, EVALUATION_FILE]);

function alreadyQuantised(variants: readonly Variant[], format?: Format) {
  const runtime = format && (FORMATS[format] === 'onnx' ? ' of ONNX' : ' of TensorFlow.js');
  const got = variants.map(({ name, dtype }) => `'${name}' of ${dtype}`).join(', ');
  return modelInvalid(
    `model.json: expected a variant${runtime ?? ''} of fp32 to make ${format ?? 'a smaller one'} of, got ${got}. ` +
      'Quantise the model that training wrote.',
    { expected: 'fp32', got, format },
  );
}

function nameTaken(format: Format) {
  return modelInvalid(
    `model.json: expected no variant '${format}', because the new one is called so; got one. Quantise the model ` +
      'without it (of a Hugging Face folder, its file), or give other `--formats`.',
    { variant: format },
  );
}

function notThere(tensor: string, source: string) {
  return modelInvalid(
    `${source}: expected a tensor '${tensor}' to keep as it is, of floats, 1,024 elements and two axes or more; got ` +
      'none of this name.',
    { tensor, source },
  );
}

function nothingToGain(source: string, format: Format) {
  const where = format === 'int8-dynamic' ? ', each the second factor of a MatMul or Gemm' : '';
  return modelInvalid(
    `${source}: expected floats of 1,024 elements and two axes or more${where}, which take fewer bytes as ${format}; ` +
      'got none. It is as small as it gets, or quantised already.',
    { source, format },
  );
}
