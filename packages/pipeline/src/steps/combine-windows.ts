import { NearsideError } from '@nearside/core';
import * as v from 'valibot';
import { defineStep } from '../step.js';
import { maskOf } from '../tokens/input-roles.js';
import { NO_TRACE } from '../trace.js';

/** Scores of a part of the input, and how much they weigh in a mean. */
interface Window {
  readonly scores: Float64Array<ArrayBuffer>;
  readonly weight: number;
}

/** Scores of several parts of one input → of the whole, class by class: their mean, or the largest. */
export function combineWindows(
  windows: readonly [Window, ...Window[]],
  combine: 'mean' | 'max',
): Float64Array<ArrayBuffer> {
  const isMean = combine === 'mean';
  const total = windows.reduce((sum, { weight }) => sum + weight, 0);
  const combined = windows[0].scores.slice().fill(isMean ? 0 : Number.NEGATIVE_INFINITY);
  for (const { scores, weight } of windows) {
    for (const [i, score] of scores.entries()) {
      const before = combined[i] as number;
      combined[i] = isMean ? before + score * weight : Math.max(before, score);
    }
  }
  return isMean ? combined.map((sum) => sum / total) : combined;
}

/** {@link combineWindows}, as a step: windows of text weigh what their mask counts. A piece of a stream without a whole window gives nothing. */
export const combineWindowsStep = defineStep({
  name: 'combine-windows',
  parameters: v.strictObject({ combine: v.optional(v.picklist(['mean', 'max']), 'mean') }),
  takes: 'scores',
  gives: 'scores',
  items: 'one',
  form: (scores) => scores,
  compile:
    ({ combine }) =>
    () =>
    (items, { isWhole }) => {
      const windows = items.map(({ value, trace }) => ({
        scores: value,
        weight: maskOf(trace)?.reduce((sum, one) => sum + one, 0) ?? 1,
      }));
      const [first, ...others] = windows;
      if (first) return [{ value: combineWindows([first, ...others], combine), trace: NO_TRACE }];
      if (!isWhole) return [];
      throw new NearsideError(
        'input-invalid',
        'Expected an input of one window or more, got a shorter one. Pass more of it.',
      );
    },
});
