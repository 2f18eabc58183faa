import type { Feature } from '@nearside/core';
import * as v from 'valibot';
import { ROW_AS_TENSOR } from '../as-tensor.js';
import { defineStep, each } from '../step.js';
import type { CompleteRecord } from '../table/complete-record.js';

/**
 * A complete record → one number for each column, in the order of the features: numbers as they are, `false` and
 * `true` as 0 and 1, a category as a 1 among zeros in the order of its `categories` (scikit-learn's
 * `OneHotEncoder`).
 */
export function oneHot(
  record: CompleteRecord,
  features: readonly Feature[],
): Float64Array<ArrayBuffer> {
  const columns = features.flatMap((feature) => {
    const value = record.get(feature.name);
    if (feature.type !== 'category') return [Number(value)];
    return feature.categories.map((category) => (category === value ? 1 : 0));
  });
  return Float64Array.from(columns);
}

/** {@link oneHot}, as a step. */
export const oneHotStep = defineStep({
  name: 'one-hot',
  parameters: v.strictObject({}),
  takes: 'record',
  gives: 'row',
  asTensor: ROW_AS_TENSOR,
  form: ({ features }) => ({
    columns: features.reduce((sum, feature) => sum + columnsOf(feature), 0),
  }),
  compile: (_, { features }) => each<'record', 'row'>((record) => oneHot(record, features)),
});

function columnsOf(feature: Feature): number {
  return feature.type === 'category' ? feature.categories.length : 1;
}
