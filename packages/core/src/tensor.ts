import { kindOf } from './kind-of.js';

/** Datatypes of the Open Inference Protocol V2, as far as a browser has an array for them. */
export const NUMERIC_DATATYPES = [
  'BOOL',
  'UINT8',
  'INT8',
  'UINT16',
  'INT16',
  'UINT32',
  'INT32',
  'INT64',
  'FP16',
  'FP32',
  'FP64',
] as const;

export const DATATYPES = [...NUMERIC_DATATYPES, 'BYTES'] as const;

export type NumericDatatype = (typeof NUMERIC_DATATYPES)[number];
export type Datatype = (typeof DATATYPES)[number];

/** The array that holds a tensor of each datatype, row-major. FP16 is its raw 16 bits in every environment. */
export interface DatatypeArrays {
  BOOL: Uint8Array<ArrayBuffer>;
  UINT8: Uint8Array<ArrayBuffer>;
  INT8: Int8Array<ArrayBuffer>;
  UINT16: Uint16Array<ArrayBuffer>;
  INT16: Int16Array<ArrayBuffer>;
  UINT32: Uint32Array<ArrayBuffer>;
  INT32: Int32Array<ArrayBuffer>;
  INT64: BigInt64Array<ArrayBuffer>;
  FP16: Uint16Array<ArrayBuffer>;
  FP32: Float32Array<ArrayBuffer>;
  FP64: Float64Array<ArrayBuffer>;
  BYTES: string[];
}

/** A dense tensor: `data.length` equals the product of `shape`, in row-major order. `Tensor<'FP32'>` has that datatype. */
export type Tensor<Name extends Datatype = Datatype> = {
  [D in Name]: { datatype: D; shape: readonly number[]; data: DatatypeArrays[D] };
}[Name];

/** Tensors by name, as a model takes and gives them. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** A tensor as a model declares it; −1 in `shape` leaves that axis free. */
export interface TensorSpec {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  /** An input with a value is the same in every run: one number per element, or one for all. */
  readonly value?: number | readonly number[] | undefined;
}

const ARRAY_TYPES = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  INT8: Int8Array,
  UINT16: Uint16Array,
  INT16: Int16Array,
  UINT32: Uint32Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
} as const;

/** Product of the axes; 1 for a scalar (`[]`). */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((count, axis) => count * axis, 1);
}

export function elementBytes(datatype: NumericDatatype): number {
  return ARRAY_TYPES[datatype].BYTES_PER_ELEMENT;
}

/** Reads little-endian raw bytes as the array of a numeric datatype. Copies nothing. */
export function arrayFromBytes(datatype: NumericDatatype, bytes: ArrayBuffer): Tensor['data'] {
  return new ARRAY_TYPES[datatype](bytes);
}

/** Recognises the array type of `datatype`, also from another realm. */
export function isArrayOf(datatype: Datatype, data: unknown): boolean {
  if (datatype === 'BYTES') return Array.isArray(data);
  return ArrayBuffer.isView(data) && kindOf(data) === ARRAY_TYPES[datatype].name;
}

export function arrayTypeName(datatype: Datatype): string {
  return datatype === 'BYTES' ? 'string[]' : ARRAY_TYPES[datatype].name;
}

/**
 * The number that the raw 16 bits of a half-precision float stand for, as IEEE 754-2008, section
 * 3.4, lays out binary16: a sign, five bits of exponent with bias 15, ten bits of fraction. Node
 * 20 has no `Float16Array`. Every such number is exact in a double.
 *
 * @param bits 0 … 65,535, as an FP16 tensor holds them
 * @returns a finite number, ±Infinity or NaN
 */
export function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24; // subnormal
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
