import { elementCount } from '@nearside/core';
import { modelInvalid } from '../errors/model-invalid.js';

/** A tensor of weights that is stored in fewer bits. */
export interface QuantizedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly format: string;
  /** Square root of the share of its energy that was lost. */
  readonly roundingError: number;
}

const LIMITS = Object.freeze({
  /** Smaller tensors stay, elements: biases and scales decide much and weigh little. */
  elements: 1024,
  /** Lists stay, axes. */
  axes: 2,
  /** Larger values are masks: those of float32's least number, −3.4e38, would take every step of the others' scale. */
  value: 1e30,
});

export function isLargeWeight(shape: readonly number[]): boolean {
  return shape.length >= LIMITS.axes && elementCount(shape) >= LIMITS.elements;
}

/**
 * @returns false where values are infinite or as large as masks are: such a tensor stays as it is
 * @throws NearsideError `model-invalid` for one that is no number, naming the tensor
 */
export function areWeights(name: string, values: Float32Array): boolean {
  if (values.every((value) => Math.abs(value) <= LIMITS.value)) return true;
  if (!values.some(Number.isNaN)) return false;
  throw modelInvalid(
    `Tensor '${name}': expected numbers, got NaN. Where it is meant so, \`--keep\` it.`,
    { tensor: name, got: Number.NaN },
  );
}
