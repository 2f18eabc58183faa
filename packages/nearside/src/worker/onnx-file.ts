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

/** The content of a message: offsets of the first byte and of the one behind the last. */
type Range = Pick<Field, 'start' | 'end'>;

/**
 * Reads no more than the outermost message of an ONNX model: fields that fill it exactly, none of a fixed size, with a
 * graph among them.
 */
export function isOnnx(bytes: Uint8Array): boolean {
  let isKnown = true;
  const graph = findGraph(bytes, ({ number, wireType }) => {
    isKnown &&= number <= HIGHEST && !(wireType in FIXED);
  });
  return isKnown && graph !== undefined;
}

/** The `dtype` of a variant whose file has no weights, or has not been read. */
export const UNKNOWN = 'unknown';

/** @returns the type of most weights, as `dtype` has it */
export function typeOfWeights(bytes: Uint8Array): string {
  const graph = findGraph(bytes);
  const counts = new Map<string, number>();
  const isWhole =
    graph !== undefined &&
    readFields(bytes, graph, (tensor) => {
      if (tensor.number !== GRAPH.initializer || tensor.wireType !== CONTENT) return;
      const { dtype, count } = readTensor(bytes, tensor);
      if (dtype) counts.set(dtype, (counts.get(dtype) ?? 0) + count);
    });
  if (!isWhole) return UNKNOWN;
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? UNKNOWN;
}

/** @returns the type and the number of a tensor's elements; no type where it is none that is known */
function readTensor(bytes: Uint8Array, tensor: Range) {
  let type: number | undefined;
  let count = 1;
  const isWhole = readFields(bytes, tensor, ({ number, value }) => {
    if (number === TENSOR.dataType) type ??= value;
    if (number === TENSOR.dims) count *= value;
  });
  return { dtype: isWhole ? ONNX_WEIGHT_TYPES[type ?? 0] : undefined, count };
}

/** @returns the last graph of a model; undefined unless its fields fill it exactly */
function findGraph(bytes: Uint8Array, visit?: (field: Field) => void): Field | undefined {
  let graph: Field | undefined;
  const isWhole = readFields(bytes, { start: 0, end: bytes.length }, (field) => {
    visit?.(field);
    if (field.number === MODEL.graph && field.wireType === CONTENT) graph = field;
  });
  return isWhole ? graph : undefined;
}

/**
 * Visits the fields of a message in their order. None is kept: a file may be nothing but empty ones.
 *
 * @returns whether they fill it exactly
 */
function readFields(
  bytes: Uint8Array,
  { start, end }: Range,
  visit: (field: Field) => void,
): boolean {
  let offset = start;
  while (offset < end) {
    const tag = readVarint(bytes, offset);
    const number = Math.floor(tag.value / 8);
    const wireType = tag.value % 8;
    const fixed = FIXED[wireType];
    const size = fixed === undefined ? readVarint(bytes, tag.end) : { value: fixed, end: tag.end };
    const isField = number >= 1 && (fixed !== undefined || wireType === 0 || wireType === CONTENT);
    if (!isField || Number.isNaN(size.value)) return false; // there are no groups
    offset = wireType === 0 ? size.end : size.end + size.value;
    visit({ number, wireType, value: size.value, start: size.end, end: offset });
  }
  return offset === end;
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
