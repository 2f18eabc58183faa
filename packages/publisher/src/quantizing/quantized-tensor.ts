import { elementCount } from '@nearside/core';
import { modelInvalid } from '../errors/model-invalid.js';

/** A tensor of weights that is stored in fewer bits. */
export interface QuantizedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly format: string;
  /** Square root of the share of its energy that was lost. */
  readonly loss: number;
}

const LIMITS = Object.freeze({
  /** Smaller tensors stay, elements: biases and scales decide much and weigh little. */
  elements: 1024,
  /** Lists stay, axes. */
  axes: 2,
});

export function isLargeWeight(shape: readonly number[]): boolean {
  return shape.length >= LIMITS.axes && elementCount(shape) >= LIMITS.elements;
}

/** @throws NearsideError `model-invalid`, naming the tensor */
export function requireFinite(name: string, values: Float32Array): void {
  const infinite = values.find((value) => !Number.isFinite(value));
  if (infinite === undefined) return;
  throw modelInvalid(
    `Tensor '${name}': expected finite numbers, got ${infinite}. Where it is meant so, \`--keep\` it.`,
    { tensor: name, got: infinite },
  );
}
