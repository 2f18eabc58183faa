import { NearsideError } from '@nearside/core';
import * as v from 'valibot';
import { defineStep } from '../step.js';
import { NO_TRACE } from '../trace.js';

/** Scores of several parts of one input → of the whole, class by class: their mean, or the largest. */
export function combineWindows(
  windows: readonly [Float64Array<ArrayBuffer>, ...Float64Array<ArrayBuffer>[]],
  combine: 'mean' | 'max',
): Float64Array<ArrayBuffer> {
  const [first, ...others] = windows;
  const combined = first.slice();
  for (const scores of others) {
    for (let i = 0; i < combined.length; i++) {
      const [a, b] = [combined[i] as number, scores[i] as number];
      combined[i] = combine === 'mean' ? a + b : Math.max(a, b);
    }
  }
  return combine === 'mean' ? combined.map((sum) => sum / windows.length) : combined;
}

/** {@link combineWindows}, as a step. A piece of a stream without a whole window gives nothing. */
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
      const [first, ...others] = items.map(({ value }) => value);
      if (first) return [{ value: combineWindows([first, ...others], combine), trace: NO_TRACE }];
      if (!isWhole) return [];
      throw new NearsideError(
        'input-invalid',
        'Expected an input of one window or more, got a shorter one. Pass more of it.',
      );
    },
});
