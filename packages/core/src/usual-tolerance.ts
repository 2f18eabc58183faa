import type { Tolerance } from './golden.js';
import type { Variant } from './model-spec.js';

/**
 * How far a device may be off: `abs`, or that share of the largest expected value, whichever is more, and `rel`. Floats
 * are added up in another order; a quantised value between two steps may be rounded to either; a GPU may keep the tensors
 * of TensorFlow.js as half floats.
 */
const FP32 = { abs: 1e-4, share: 1e-5, rel: 1e-3 };
const FP16 = { abs: 1e-2, share: 1e-3, rel: 1e-2 };
const TFJS = { abs: 1e-3, share: 4e-3, rel: 1e-2 };
const OTHER_TYPES = { abs: 1e-3, share: 1e-2, rel: 1e-2 };

/** A variant's `dtype` by TensorProto.DataType. Integers of 32 and 64 bits are biases and shapes, and no weights. */
export const ONNX_WEIGHT_TYPES: Readonly<Record<number, string>> = {
  1: 'fp32',
  2: 'uint8',
  3: 'int8',
  10: 'fp16',
  11: 'fp64',
  16: 'bf16',
  21: 'uint4',
  22: 'int4',
};

/**
 * The tolerance of an output where its publisher names none, by the type of most weights. `python/golden.py` of the
 * publisher has the same.
 *
 * @param largest of the values that are expected of it, without sign
 */
export function usualTolerance(
  { runtime, dtype }: Pick<Variant, 'runtime' | 'dtype'>,
  largest: number,
): Tolerance {
  const { abs, share, rel } =
    runtime === 'tfjs' ? TFJS : dtype === 'fp32' ? FP32 : dtype === 'fp16' ? FP16 : OTHER_TYPES;
  return { abs: roundUp(Math.max(abs, share * largest)), rel };
}

/** To one digit: 0.0123 → 0.02. */
export function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const digits = Math.ceil(Number((value / power).toFixed(9)));
  return Number((digits * power).toPrecision(1));
}
