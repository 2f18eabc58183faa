import * as v from 'valibot';
import { defineStep, each, Misfit } from '../step.js';

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
  form(row, { mean, scale }) {
    if (mean.length !== row.columns || scale.length !== row.columns) {
      throw new Misfit(
        `as many values in mean and scale as columns, ${row.columns}`,
        `${mean.length} and ${scale.length}`,
      );
    }
    if (scale.includes(0)) throw new Misfit('scale without zeros', '0');
    return row;
  },
  prepare: (parameters) => each<'row', 'row'>((row) => scale(row, parameters)),
});
