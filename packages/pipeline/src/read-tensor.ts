import { NearsideError, type TensorSpec, type Tensors } from '@nearside/core';
import type { Forms } from './step.js';

/** A tensor of FP32, as steps read it. */
export interface FloatTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Checks the output that a step reads, the first that is no state; nothing is known where only the file says. */
export function requireFirst(
  { tensors: [first] }: Forms['outputs'],
  check: (tensor: TensorSpec) => void,
): void {
  if (first) check(first);
}

/**
 * That output as the model gave it.
 *
 * @throws NearsideError as {@link tensorAt}
 */
export function firstTensor(outputs: Tensors, form: Forms['outputs']): FloatTensor {
  return tensorAt(0, outputs, form);
}

/**
 * The output at a place among those that are no state.
 *
 * @throws NearsideError `backend-failed` for one that is not there, of another datatype, or not all numbers
 */
export function tensorAt(
  place: number,
  outputs: Tensors,
  { tensors }: Forms['outputs'],
): FloatTensor {
  const name = tensors[place]?.name ?? Object.keys(outputs)[place] ?? '';
  const tensor = outputs[name];
  if (tensor?.datatype === 'FP32') {
    let sum = 0; // finite only where all values are
    for (const value of tensor.data) sum += value;
    if (Number.isFinite(sum)) return tensor;
    throw new NearsideError(
      'backend-failed',
      `Output '${name}' holds something that is not a number. The same input may work on another backend.`,
      { details: { output: name } },
    );
  }
  throw new NearsideError(
    'backend-failed',
    `Expected output '${name}' as FP32, got ${tensor?.datatype ?? 'none'}.`,
    { details: { output: name, got: tensor?.datatype } },
  );
}
