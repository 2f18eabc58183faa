import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  FileNameSchema,
  type ModelSpec,
  parseModelSpec,
  type Runtime,
  sessionFiles,
  sum,
  type Variant,
} from '@nearside/core';
import { is } from 'valibot';
import { type DraftedFile, RECORD_FILE, writeDraft } from '../drafting/write-draft.js';
import { modelInvalid } from '../errors/model-invalid.js';
import { listFiles } from '../files/list-files.js';
import { sizeOf } from '../files/stat-path.js';
import { findModelFile } from '../packing/model-file.js';
import { readJsonFile } from '../packing/read-json-file.js';
import { FORMATS, type Format, quantizeVariant } from '../quantizing/quantize-variant.js';
import type { QuantizedTensor } from '../quantizing/quantized-tensor.js';
import { type DraftOptions, draft } from './draft.js';
import { type FilledGolden, type FillGoldenOptions, fillGolden } from './fill-golden.js';

export interface QuantizeOptions extends DraftOptions, Pick<FillGoldenOptions, 'reference'> {
  /** By default `int8` for ONNX and `uint8` for TensorFlow.js. */
  readonly formats?: readonly Format[] | undefined;
  /** Names of tensors that stay as they are. */
  readonly keep?: readonly string[] | undefined;
}

export interface QuantizedModel {
  /** A model directory. */
  readonly directory: string;
  readonly variants: readonly VariantBytes[];
  readonly assumed: readonly string[];
  readonly golden: FilledGolden;
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
 *   or a code of `draft` or `fillGolden`
 * @throws TypeError when a model directory is given options of a draft
 */
export async function quantize(options: QuantizeOptions): Promise<QuantizedModel> {
  const { out, formats, reference, keep = [] } = options;
  await using drafts = await openTemporary();
  const { directory, assumed } = await draft({ ...options, out: drafts.directory });
  const spec = parseModelSpec(await readJsonFile(directory, 'model.json'));
  const planned = planVariants(spec, formats);
  const originals = new Set(planned.map(({ base }) => base));
  const made = new Map<Format, Awaited<ReturnType<typeof quantizeVariant>>>();
  for (const { format, base } of planned) {
    made.set(format, await quantizeVariant(directory, base, { format, keep: new Set(keep) }));
  }
  const tensors = [...made.values()].flatMap((one) => one.tensors);
  const kept = new Set([...made.values()].flatMap((one) => one.kept));
  const missing = keep.find((name) => !kept.has(name));
  if (missing !== undefined) throw notThere(missing, options.source);
  if (tensors.length === 0) throw nothingToGain(options.source);
  const variants = [
    ...[...made.values()].map(({ variant }) => variant),
    ...spec.variants.map((variant) =>
      originals.has(variant) ? { ...variant, ships: false } : variant,
    ),
  ];
  const files = await filesIn(directory);
  for (const one of made.values()) for (const [name, bytes] of one.files) files.set(name, bytes);
  const json = (await readJsonFile(directory, 'model.json')) as object;
  files.set('model.json', Buffer.from(`${JSON.stringify({ ...json, variants }, null, 2)}\n`));
  await writeDraft(out, files);
  const golden = await fillGolden({ directory: out, reference });
  const weighed = variants.map(async (variant) => ({
    name: variant.name,
    ships: variant.ships ?? true,
    sizeBytes: sum(await Promise.all(sessionFiles(variant).map((name) => sizeOf(join(out, name))))),
    tensors: made.get(variant.name as Format)?.tensors ?? [],
  }));
  return { directory: out, variants: await Promise.all(weighed), assumed, golden };
}

const USUAL: Readonly<Record<Runtime, Format>> = { onnx: 'int8', tfjs: 'uint8' };

/** @returns each format with the variant that it is made from: the first of floats that its runtime loads */
function planVariants(
  { variants }: ModelSpec,
  formats: readonly Format[] | undefined,
): { format: Format; base: Variant }[] {
  const floats = variants.filter(({ dtype }) => dtype === 'fp32' || dtype === 'unknown');
  const wanted = formats ?? [...new Set(floats.map(({ runtime }) => USUAL[runtime]))];
  if (wanted.length === 0) throw alreadyQuantised(variants);
  return wanted.map((format) => {
    const base = floats.find(({ runtime }) => runtime === FORMATS[format]);
    if (!base) throw alreadyQuantised(variants, format);
    if (variants.some(({ name }) => name === format)) throw nameTaken(format);
    return { format, base };
  });
}

async function filesIn(directory: string): Promise<Map<string, DraftedFile>> {
  const names = (await listFiles(directory)) ?? [];
  const files = new Map<string, DraftedFile>();
  for (const name of names.filter((name) => name !== RECORD_FILE && is(FileNameSchema, name))) {
    const path = await findModelFile(directory, name);
    if (path !== undefined) files.set(name, path);
  }
  return files;
}

async function openTemporary() {
  const directory = await mkdtemp(join(tmpdir(), 'nearside-draft-'));
  const remove = () => rm(directory, { recursive: true, force: true });
  return { directory, [Symbol.asyncDispose]: remove };
}

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
    `model.json: expected no variant '${format}', because the new one is called so; got one. Rename it, or give ` +
      'other `--formats`.',
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

function nothingToGain(source: string) {
  return modelInvalid(
    `${source}: expected floats of 1,024 elements and two axes or more, got none. It is as small as it gets, or ` +
      'quantised already.',
    { source },
  );
}
