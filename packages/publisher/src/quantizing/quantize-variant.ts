import { join } from 'node:path';
import { basename, dirname } from 'node:path/posix';
import { elementCount, isNearsideError, type Runtime, type Variant } from '@nearside/core';
import { modelInvalid } from '../errors/model-invalid.js';
import { checkExternalData } from '../packing/external-data.js';
import { findModelFile, readModelBytes } from '../packing/model-file.js';
import { ONNX_DATATYPES } from '../packing/onnx-datatypes.js';
import { externalFile, type OnnxTensor, parseOnnxFile } from '../packing/onnx-file.js';
import { fileMissing, readJsonFile } from '../packing/read-json-file.js';
import { type OnnxFormat, quantizeOnnx } from './quantize-onnx.js';
import { quantizeTfjs, type TfjsFormat } from './quantize-tfjs.js';
import type { QuantizedTensor } from './quantized-tensor.js';

/** Every format by its name, and what runs it. */
export const FORMATS: Readonly<Record<Format, Runtime>> = Object.freeze({
  int8: 'onnx',
  'int8-lean': 'onnx',
  fp16: 'onnx',
  'int8-dynamic': 'onnx',
  uint8: 'tfjs',
  float16: 'tfjs',
});
export type Format = OnnxFormat | TfjsFormat;

export interface QuantizedVariant {
  readonly variant: Variant;
  /** By their names in the model directory. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly tensors: readonly QuantizedTensor[];
  /** Names of those that stay as they are, because they were to be kept. */
  readonly kept: readonly string[];
}

export interface QuantizeVariantOptions {
  readonly format: Format;
  /** Names of tensors that stay as they are. */
  readonly keep: ReadonlySet<string>;
  /** Names of tensors of ONNX files that become half floats, whatever the format. */
  readonly halfFloats?: ReadonlySet<string>;
}

/**
 * Makes a variant of another one, with weights in fewer bits. Its files lie in a folder of the format's name.
 *
 * @throws NearsideError `model-invalid`, naming file and tensor; `metadata-malformed`; `file-missing`
 */
export async function quantizeVariant(
  directory: string,
  variant: Variant,
  options: QuantizeVariantOptions,
): Promise<QuantizedVariant> {
  const { format } = options;
  const quantize = variant.runtime === 'onnx' ? quantizeOnnxFiles : quantizeTfjsFiles;
  const files = new Map<string, Uint8Array>();
  const [tensors, kept]: [QuantizedTensor[], string[]] = [[], []];
  const quantizePart = async (part: readonly string[], folder: string) => {
    const made = await quantize(directory, part, { ...options, folder, of: variant.name });
    for (const [name, bytes] of made.files) files.set(name, bytes);
    tensors.push(...made.tensors);
    kept.push(...made.kept);
    return [...made.files.keys()];
  };
  const { stages, files: whole, memoryBytes: _, ships: __, ...own } = variant;
  const parts: Record<string, unknown> = {};
  for (const [stage, part] of Object.entries(stages ?? {})) {
    parts[stage] = { ...part, files: await quantizePart(part.files, `${format}/${stage}`) };
  }
  const placed = stages ? { stages: parts } : { files: await quantizePart(whole, format) };
  const made = { ...own, name: format, dtype: computedIn(format), ...placed } as Variant;
  return { variant: made, files, tensors, kept };
}

/** A variant's `dtype` says what it computes in, by which tolerances and backends go. Weights mostly become floats first. */
export function computedIn(format: Format): string {
  return format === 'int8-dynamic' ? 'int8' : 'fp32';
}

interface Making extends QuantizeVariantOptions {
  readonly folder: string;
  /** Name of the variant that is made smaller. */
  readonly of: string;
}

type Made = Omit<QuantizedVariant, 'variant'>;

async function quantizeOnnxFiles(
  directory: string,
  [model = '', ...weights]: readonly string[],
  { folder, of, format, ...told }: Making,
): Promise<Made> {
  const bytes = await readWhole(directory, model);
  await checkExternalData(directory, { name: of, files: [model, ...weights] });
  return namingFile(model, async () => {
    const external = await readExternal(directory, model, parseOnnxFile(bytes).tensors);
    const options = { ...told, format: format as OnnxFormat, readExternal: external };
    const { model: content, ...made } = quantizeOnnx(bytes, options);
    return { files: new Map([[`${folder}/${basename(model)}`, content]]), ...made };
  });
}

/** @returns what reads a tensor's values from the files beside its model */
async function readExternal(directory: string, model: string, tensors: readonly OnnxTensor[]) {
  const fileOf = (place: { location: string }) => externalFile(dirname(model), place);
  const places = tensors.flatMap(({ external }) => external ?? []);
  const files = new Map<string, Uint8Array>();
  for (const file of new Set(places.map(fileOf))) files.set(file, await readWhole(directory, file));
  return ({ external, shape, dataType }: OnnxTensor): Uint8Array => {
    if (!external) throw new TypeError('expected a tensor in another file');
    const bits = elementCount(shape) * (ONNX_DATATYPES[dataType]?.bits ?? 0);
    const { offset, length = Math.ceil(bits / 8) } = external;
    return (files.get(fileOf(external)) as Uint8Array).subarray(offset, offset + length);
  };
}

async function quantizeTfjsFiles(
  directory: string,
  [topology = '', ...weights]: readonly string[],
  { folder, format, keep }: Making,
): Promise<Made> {
  const document = (await readJsonFile(directory, topology)) as object;
  const contents = new Map<string, Uint8Array>();
  for (const file of weights) contents.set(file, await readWhole(directory, file));
  return namingFile(topology, async () => {
    const read = (path: string) => contents.get(join(dirname(topology), path)) ?? new Uint8Array();
    const made = quantizeTfjs(document, read, { format: format as TfjsFormat, keep });
    const files = new Map([[`${folder}/model.json`, Buffer.from(JSON.stringify(made.document))]]);
    for (const [path, bytes] of made.files) files.set(`${folder}/${path}`, Buffer.from(bytes));
    return { files, tensors: made.tensors, kept: made.kept };
  });
}

async function readWhole(directory: string, name: string): Promise<Uint8Array> {
  const path = await findModelFile(directory, name);
  if (path === undefined) throw fileMissing(directory, name);
  return readModelBytes(path, name);
}

/** Adds the file's name to an error of what only sees bytes. */
async function namingFile<T>(file: string, make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (!isNearsideError(error) || error.details.file !== undefined) throw error;
    throw modelInvalid(`${file}: ${error.message}`, { ...error.details, file });
  }
}
