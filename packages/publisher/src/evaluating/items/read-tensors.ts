import {
  arrayFromBytes,
  type Datatype,
  describe,
  elementBytes,
  formatShape,
  type ModelSpec,
  shapeFits,
  type Tensor,
  type TensorSpec,
} from '@nearside/core';
import { itemInvalid } from '../item-error.js';

/**
 * Nested arrays of numbers, or of texts → what a model of tensors runs. A model of one input takes its array itself, one of more an
 * object with an array for each. The axis of a batch of one may be left out.
 */
export function readTensors(
  value: unknown,
  { spec, name }: { readonly spec: ModelSpec; readonly name: string },
): { tensors: Record<string, Tensor> } {
  const inputs = spec.inputs.filter((input) => input.value === undefined);
  const [only, second] = inputs;
  const given = Array.isArray(value) && only && !second ? { [only.name]: value } : value;
  if (typeof given !== 'object' || given === null) {
    const names = inputs.map((input) => `'${input.name}'`).join(', ');
    throw itemInvalid(name, `nested arrays of values for ${names}`, describe(given));
  }
  const arrays = given as Readonly<Record<string, unknown>>;
  const tensors = inputs.map((input) => [input.name, readTensor(arrays[input.name], input, name)]);
  return { tensors: Object.fromEntries(tensors) };
}

/** Values that a datatype takes; all others take finite numbers. */
const CHECKS: Partial<Record<Datatype, (value: unknown) => boolean>> = {
  INT64: Number.isSafeInteger,
  BYTES: (value) => typeof value === 'string',
};

function readTensor(value: unknown, { name, datatype, shape }: TensorSpec, item: string): Tensor {
  const flat = flatten(value);
  const given = shapeOf(value);
  const fits = [given, [1, ...given]].find((one) => shapeFits(one, shape));
  const isOfInput = CHECKS[datatype] ?? Number.isFinite;
  const isWhole = fits && isRegular(value, given) && flat.every(isOfInput);
  if (!isWhole || datatype === 'FP16') {
    const expected = `values of ${datatype} and shape ${formatShape(shape)} for '${name}'`;
    throw itemInvalid(item, expected, value === undefined ? 'none' : formatShape(given));
  }
  if (datatype === 'BYTES') return { datatype, shape: fits, data: flat as string[] };
  const data = arrayFromBytes(
    datatype,
    new ArrayBuffer(flat.length * elementBytes(datatype)),
  ) as Float32Array;
  if (datatype === 'INT64') (data as unknown as BigInt64Array).set((flat as number[]).map(BigInt));
  else data.set(flat as number[]);
  const wrong = (flat as number[]).find((number, i) => !isHeld(number, Number(data[i]), datatype));
  if (wrong !== undefined) {
    throw itemInvalid(item, `values that ${datatype} of '${name}' can hold`, `${wrong}`);
  }
  return { datatype, shape: fits, data } as unknown as Tensor;
}

/** Floats may be rounded; other values have to come back as they are. */
function isHeld(given: number, held: number, datatype: Datatype): boolean {
  if (datatype.startsWith('FP')) return Number.isFinite(held);
  return held === given && (datatype !== 'BOOL' || given === 0 || given === 1);
}

/** All arrays of an axis have the same length. */
function isRegular(value: unknown, [length, ...others]: readonly number[]): boolean {
  if (length === undefined) return !Array.isArray(value);
  const isAxis = Array.isArray(value) && value.length === length;
  return isAxis && value.every((one) => isRegular(one, others));
}

function flatten(value: unknown): unknown[] {
  return Array.isArray(value) ? value.flatMap(flatten) : [value];
}

function shapeOf(value: unknown): number[] {
  return Array.isArray(value) ? [value.length, ...shapeOf(value[0])] : [];
}
