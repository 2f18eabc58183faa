import { type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { dirname } from 'node:path/posix';
import { type GraphPart, type WeightCut, writeGraphFile } from '@nearside/artifact';
import {
  arrayFromBytes,
  elementBytes,
  elementCount,
  float16ToNumber,
  type NumericDatatype,
  partsOf,
  sessionFiles,
  type Variant,
} from '@nearside/core';
import { readSlice } from '../files/slices.js';
import { sizeOf, understood } from './locate-tensors.js';
import { ONNX_DATATYPES } from './onnx-datatypes.js';
import { externalFile, type OnnxTensor, parseOnnxFile } from './onnx-file.js';
import { locateWeights, parseManifest } from './tfjs-manifest.js';

const LIMITS = Object.freeze({
  /** Smaller tensors stay, bytes: scalars, scales, and values that decide how much work there is. */
  keptBytes: 64,
  /**
   * Wide integers of at most this size stay, bytes: they may be shapes, and a tensor has at most 64 axes of 8 bytes.
   */
  keptShapeBytes: 512,
  /** This share of all weights may stay because their role is unknown. */
  unknownShare: 0.02,
});

/** The place of a tensor's values in a file. */
interface ValueRange {
  readonly offset: number;
  readonly sizeBytes: number;
  /** Undefined if a device has no array for them. */
  readonly datatype: NumericDatatype | undefined;
  /** Integers are multiplied by it. */
  readonly isScale?: boolean;
}

/**
 * Makes a variant's files without their weights, for `canRun`. In place of a tensor they have its number and datatype
 * of elements, and their mean, deviation, least and largest.
 *
 * @returns undefined if a file is not understood, or more than 2 % of the weights would stay
 */
export async function cutOutWeights(
  directory: string,
  variant: Variant,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const located = new Map<string, readonly ValueRange[]>();
  for (const part of partsOf(variant)) {
    const found = await (part.runtime === 'onnx' ? locateInOnnx : locateInTfjs)(
      directory,
      part.files,
    );
    if (!found) return undefined;
    for (const [file, ranges] of found) located.set(file, ranges);
  }
  const parts: GraphPart[] = [];
  let [allBytes, unknownBytes] = [0, 0];
  for (const name of new Set(sessionFiles(variant))) {
    const path = join(directory, name);
    const { size } = await stat(path);
    const ranges = inOrder(located.get(name) ?? [], size);
    const { kept, cuts, uncutBytes } = await cutFile(path, size, ranges);
    parts.push({ name, kept, cuts });
    allBytes += size;
    unknownBytes += uncutBytes;
  }
  return unknownBytes > allBytes * LIMITS.unknownShare ? undefined : writeGraphFile(parts);
}

/** Ranges that lie in the file, each once, because tied weights overlap. */
function inOrder(ranges: readonly ValueRange[], fileBytes: number): ValueRange[] {
  const sorted = [...ranges].sort((a, b) => a.offset - b.offset);
  let end = 0;
  return sorted.filter(({ offset, sizeBytes }) => {
    const isNext = offset >= end && sizeBytes > 0 && offset + sizeBytes <= fileBytes;
    if (isNext) end = offset + sizeBytes;
    return isNext;
  });
}

async function cutFile(path: string, fileBytes: number, ranges: readonly ValueRange[]) {
  const rest: Uint8Array[] = [];
  const cuts: WeightCut[] = [];
  let [offset, uncutBytes] = [0, 0];
  const file = await open(path);
  try {
    for (const range of ranges.filter((range) => !isSmall(range))) {
      const cut = await describeValues(file, { path, ...range });
      if (!cut) {
        uncutBytes += range.sizeBytes;
        continue;
      }
      const sizeBytes = range.offset - offset;
      rest.push(await readSlice(file, { path, offset, sizeBytes }));
      cuts.push([sizeBytes, ...cut] as WeightCut);
      offset = range.offset + range.sizeBytes;
    }
    rest.push(await readSlice(file, { path, offset, sizeBytes: fileBytes - offset }));
  } finally {
    await file.close();
  }
  return { kept: new Uint8Array(Buffer.concat(rest)), cuts, uncutBytes };
}

function isSmall({ sizeBytes, datatype = 'UINT8' }: ValueRange): boolean {
  const mayBeShape = ['INT32', 'INT64', 'UINT32'].includes(datatype);
  return sizeBytes <= (mayBeShape ? LIMITS.keptShapeBytes : LIMITS.keptBytes);
}

/** @returns the numbers of a cut that describe the values; undefined if they cannot be described */
async function describeValues(
  file: FileHandle,
  { path, offset, sizeBytes, datatype, isScale }: ValueRange & { readonly path: string },
) {
  if (!datatype || sizeBytes % elementBytes(datatype) !== 0) return undefined;
  const { buffer } = await readSlice(file, { path, offset, sizeBytes });
  const values = arrayFromBytes(datatype, buffer) as Exclude<
    ReturnType<typeof arrayFromBytes>,
    string[]
  >;
  const toNumber = datatype === 'FP16' ? float16ToNumber : Number;
  let [count, mean, squares] = [0, 0, 0];
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = toNumber(values[i] as number);
    if (!Number.isFinite(value)) continue; // in a mask, for instance
    count += 1;
    const distance = value - mean;
    mean += distance / count; // Welford 1962
    squares += distance * (value - mean);
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (count === 0) return undefined;
  const begin = [values.length, datatype] as const;
  if (low === high && count === values.length) return [...begin, low] as const;
  // ONNX Runtime fuses a layer of integers only if the scale of its bias is that of its input times that of its
  // weights. The means of these scales fit too.
  if (isScale) return [...begin, mean] as const;
  const isFloat = datatype.startsWith('FP');
  const edges = isFloat ? [brief(low), brief(high)] : [low, high];
  return [...begin, brief(mean), brief(Math.sqrt(squares / count)), ...edges] as const;
}

/** Three digits are enough, and a zero stays a zero. */
function brief(value: number): number {
  return Number(value.toPrecision(3));
}

type Located = ReadonlyMap<string, readonly ValueRange[]> | undefined;

async function locateInOnnx(directory: string, files: readonly string[]): Promise<Located> {
  const [model = ''] = files;
  const bytes = await understood(() => readFile(join(directory, model)));
  const parsed = bytes && (await understood(async () => parseOnnxFile(bytes)));
  if (!parsed) return undefined;
  const located = new Map<string, ValueRange[]>(files.map((file) => [file, []]));
  for (const tensor of parsed.tensors) {
    const { file, range } = rangeOf(tensor, model);
    const ranges = located.get(file);
    if (!ranges) return undefined; // it names a file that the variant does not have
    ranges.push({ ...range, isScale: parsed.scales.has(tensor.name) });
  }
  return located;
}

function rangeOf(
  { dataType, shape, values, external, start, end }: OnnxTensor,
  model: string,
): { file: string; range: ValueRange } {
  const { bits = 8, datatype } = ONNX_DATATYPES[dataType] ?? {};
  // Two values lie in a byte, and any byte stands for two of them.
  const asBytes = bits === 4 ? 'UINT8' : datatype;
  const known = asBytes === 'BYTES' ? undefined : asBytes;
  if (external) {
    const sizeBytes = external.length ?? Math.ceil((elementCount(shape) * bits) / 8);
    const file = externalFile(dirname(model), external);
    return { file, range: { offset: external.offset, sizeBytes, datatype: known } };
  }
  const isOther = values === undefined;
  const { contentStart, end: valuesEnd } = values ?? { contentStart: start, end };
  const range = { offset: contentStart, sizeBytes: valuesEnd - contentStart };
  return { file: model, range: { ...range, datatype: isOther ? undefined : known } };
}

/** Datatypes by their names in TensorFlow.js weight files. */
const TFJS_DATATYPES: Readonly<Record<string, NumericDatatype>> = {
  bool: 'BOOL',
  uint8: 'UINT8',
  uint16: 'UINT16',
  float16: 'FP16',
  int32: 'INT32',
  float32: 'FP32',
};

async function locateInTfjs(directory: string, files: readonly string[]): Promise<Located> {
  const [topology = ''] = files;
  const groups = await understood(async () =>
    parseManifest(JSON.parse(await readFile(join(directory, topology), 'utf8')), topology),
  );
  if (!groups) return undefined;
  const located = new Map<string, ValueRange[]>();
  for (const group of groups) {
    const names = group.paths.map((path) => externalFile(dirname(topology), { location: path }));
    const sizes = await Promise.all(names.map((name) => sizeOf(join(directory, name))));
    const extents = locateWeights(group, sizes);
    if (!extents) return undefined;
    const datatypes = new Map(
      group.weights.map(({ name, dtype, quantization }) => [
        name,
        TFJS_DATATYPES[quantization?.dtype ?? dtype],
      ]),
    );
    for (const [i, path] of group.paths.entries()) {
      const ranges = (extents.get(path) ?? []).map(({ name, offset, sizeBytes }) => {
        return { offset, sizeBytes, datatype: datatypes.get(name) };
      });
      located.set(names[i] as string, ranges);
    }
  }
  return located;
}
