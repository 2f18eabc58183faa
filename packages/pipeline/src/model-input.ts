import { NearsideError, type Tensor } from '@nearside/core';
import type { Known } from './chain.js';
import type { Forms, Values } from './step.js';

/**
 * A model is given a tensor at the end of its steps. A row or a sound of one channel becomes one of FP32,
 * [1, columns] or [1, samples].
 *
 * @returns undefined for what becomes none
 */
export function inputForm(end: Known): Forms['tensor'] | undefined {
  switch (end.kind) {
    case 'tensor':
      return end.form;
    case 'row':
      return { datatype: 'FP32', shape: [1, end.form.columns] };
    case 'sound':
      return end.form.channels === 1
        ? { datatype: 'FP32', shape: [1, end.form.samples ?? -1] }
        : undefined;
    default:
      return undefined;
  }
}

/** A value of one of those kinds. */
export type InputValue = Values['tensor' | 'row' | 'sound'];

export function toInputTensor(value: InputValue): Tensor {
  if (value instanceof Float64Array) return fromRow(value);
  if (!('channels' in value)) return value;
  const [data = new Float32Array()] = value.channels; // often a view of a longer sound, which nobody writes to
  return { datatype: 'FP32', shape: [1, data.length], data };
}

function fromRow(row: Float64Array<ArrayBuffer>): Tensor {
  const data = Float32Array.from(row);
  const column = data.findIndex((number) => !Number.isFinite(number));
  if (column === -1) return { datatype: 'FP32', shape: [1, data.length], data };
  throw new NearsideError(
    'input-invalid',
    `Expected numbers that 32 bits can hold, got a larger one for column ${column}.`,
    { details: { column } },
  );
}
