import { NearsideError } from '@nearside/core';
import * as v from 'valibot';
import { describeTensor } from '../describe-form.js';
import { type FloatTensor, firstTensor, requireFirst } from '../read-tensor.js';
import { defineStep, Misfit } from '../step.js';
import { maskOf } from '../tokens/input-roles.js';

/**
 * Vectors of pieces [1, pieces, width] → one [width], in double: the mean of those that the mask counts, as
 * sentence-transformers' `Pooling` has it, or that of the first piece.
 */
export function pool(
  { shape, data }: FloatTensor,
  { mode, mask }: { readonly mode: 'mean' | 'cls'; readonly mask: readonly number[] },
): Float64Array<ArrayBuffer> {
  const [, , width = 0] = shape;
  const pooled = new Float64Array(width);
  if (mode === 'cls') return Float64Array.from(data.subarray(0, width));
  let count = 0;
  for (const [piece, isCounted] of mask.entries()) {
    if (!isCounted) continue;
    count++;
    for (let i = 0; i < width; i++)
      pooled[i] = (pooled[i] as number) + (data[piece * width + i] as number);
  }
  return pooled.map((sum) => sum / Math.max(1, count));
}

/** {@link pool}, as a step. */
export const poolStep = defineStep({
  name: 'pool',
  parameters: v.strictObject({ pooling_mode: v.optional(v.picklist(['mean', 'cls']), 'mean') }),
  takes: 'outputs',
  gives: 'scores',
  form(outputs) {
    requireFirst(outputs, (tensor) => {
      if (tensor.datatype === 'FP32' && tensor.shape.length === 3) return;
      throw new Misfit('FP32 [1, pieces, width]', describeTensor(tensor));
    });
    const width = outputs.tensors[0]?.shape[2] ?? -1;
    return { classes: width === -1 ? undefined : width };
  },
  compile:
    ({ pooling_mode: mode }, { form }) =>
    () =>
    (items) =>
      items.map(({ value, trace }) => {
        const tensor = firstTensor(value, form);
        const [, pieces = 0] = tensor.shape;
        const mask = maskOf(trace) ?? Array.from({ length: pieces }, () => 1);
        if (mask.length === pieces) return { value: pool(tensor, { mode, mask }), trace };
        throw new NearsideError(
          'backend-failed',
          `Expected vectors of the ${mask.length} pieces given, got ${pieces}.`,
          { details: { expected: mask.length, got: pieces } },
        );
      }),
});
