import * as v from 'valibot';
import { ROW_AS_TENSOR } from '../as-tensor.js';
import { requireOneEach } from '../require-one-each.js';
import { defineStep, each } from '../step.js';

/**
 * (value − mean[i]) / scale[i] for each column i, in double (scikit-learn's `StandardScaler` with its `mean_` and
 * `scale_`).
 */
export function scale(
  row: Float64Array<ArrayBuffer>,
  { mean, scale }: { readonly mean: readonly number[]; readonly scale: readonly number[] },
): Float64Array<ArrayBuffer> {
  return row.map((value, i) => (value - (mean[i] as number)) / (scale[i] as number));
}

const ColumnsSchema = v.pipe(v.array(v.number()), v.minLength(1), v.maxLength(10_000));

/** {@link scale}, as a step. */
export const scaleStep = defineStep({
  name: 'scale',
  parameters: v.strictObject({ mean: ColumnsSchema, scale: ColumnsSchema }),
  takes: 'row',
  gives: 'row',
  asTensor: ROW_AS_TENSOR,
  form(row, { mean, scale }) {
    requireOneEach(row.columns, { mean, scale });
    return row;
  },
  compile: (parameters) => each<'row', 'row'>((row) => scale(row, parameters)),
});
