import { ONNX_WEIGHT_TYPES } from '@nearside/core';

/** One field of a protobuf message. Wire format: https://protobuf.dev/programming-guides/encoding */
interface Field {
  readonly number: number;
  /** 0 varint, 1 and 5 of a fixed size, 2 a text, a message or a packed list. */
  readonly wireType: number;
  /** The number that a varint stands for. */
  readonly value: number;
  /** Offsets of the content of the others, bytes. */
  readonly start: number;
  readonly end: number;
}

/** Field numbers of the messages on the way to a weight: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
const MODEL = { graph: 7 } as const;
const GRAPH = { initializer: 5 } as const;
const TENSOR = { dims: 1, dataType: 2 } as const;

/** The highest field of a `ModelProto`: 26 is in use in ONNX 1.18. */
const HIGHEST = 63;

/** Wire type of a text, a message or a packed list. */
const CONTENT = 2;

/** Bytes by wire type. */
const FIXED: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

/**
 * Reads no more than the outermost message of an ONNX model: fields that fill it exactly, none of a fixed size, with a
 * graph among them.
 */
export function isOnnx(bytes: Uint8Array): boolean {
  const fields = readFields(bytes, { start: 0, end: bytes.length });
  const isKnown = ({ number, wireType }: Field) => number <= HIGHEST && !(wireType in FIXED);
  return fields.every(isKnown) && graphIn(fields) !== undefined;
}

/** The `dtype` of a variant whose file has no weights, or has not been read. */
export const UNKNOWN = 'unknown';

/** @returns the type of most weights, as `dtype` has it */
export function typeOfWeights(bytes: Uint8Array): string {
  const graph = graphIn(readFields(bytes, { start: 0, end: bytes.length }));
  const counts = new Map<string, number>();
  for (const tensor of graph ? readFields(bytes, graph) : []) {
    if (tensor.number !== GRAPH.initializer || tensor.wireType !== CONTENT) continue;
    const fields = readFields(bytes, tensor);
    const dtype = ONNX_WEIGHT_TYPES[fields.find(isOf(TENSOR.dataType))?.value ?? 0];
    const axes = fields.filter(isOf(TENSOR.dims));
    const count = axes.reduce((product, { value }) => product * value, 1);
    if (dtype) counts.set(dtype, (counts.get(dtype) ?? 0) + count);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? UNKNOWN;
}

function graphIn(fields: readonly Field[]): Field | undefined {
  return fields.findLast(({ number, wireType }) => number === MODEL.graph && wireType === CONTENT);
}

function isOf(wanted: number): (field: Field) => boolean {
  return ({ number }) => number === wanted;
}

/** @returns none unless they fill the range exactly */
function readFields(
  bytes: Uint8Array,
  { start, end }: { readonly start: number; readonly end: number },
): Field[] {
  const fields: Field[] = [];
  let offset = start;
  while (offset < end) {
    const tag = readVarint(bytes, offset);
    const number = Math.floor(tag.value / 8);
    const wireType = tag.value % 8;
    const fixed = FIXED[wireType];
    const size = fixed === undefined ? readVarint(bytes, tag.end) : { value: fixed, end: tag.end };
    const isField = number >= 1 && (fixed !== undefined || wireType === 0 || wireType === CONTENT);
    if (!isField || Number.isNaN(size.value)) return []; // there are no groups
    offset = wireType === 0 ? size.end : size.end + size.value;
    fields.push({ number, wireType, value: size.value, start: size.end, end: offset });
  }
  return offset === end ? fields : [];
}

/** Seven bits a byte, the lowest first, at most ten bytes; NaN where there is none. */
function readVarint(bytes: Uint8Array, start: number): { value: number; end: number } {
  let value = 0;
  for (let i = 0; i < 10; i += 1) {
    const byte = bytes[start + i];
    if (byte === undefined) break;
    value += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) return { value, end: start + i + 1 };
  }
  return { value: Number.NaN, end: bytes.length };
}
