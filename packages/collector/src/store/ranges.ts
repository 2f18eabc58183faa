import { CELL_LENGTHS, type CellQuery, type ModelRange } from './rollup-store.js';

/** Returns the length of the longest cells that the bounds and the step of a question are multiples of. */
export function longestThatFits({
  fromMs,
  toMs,
  stepMs,
}: Pick<CellQuery, 'fromMs' | 'toMs' | 'stepMs'>): number {
  const fitting = CELL_LENGTHS.filter(({ ms }) =>
    [fromMs, toMs, stepMs].every((time) => time % ms === 0),
  );
  return (fitting.at(-1) ?? CELL_LENGTHS[0]).ms;
}

/** A part of a range, and the length of the cells that it is read from. */
export interface Stretch extends Omit<ModelRange, 'model'> {
  readonly length: number;
}

/** Covers a range with the fewest cells: whole days, and shorter cells at both ends. */
export function coverRange(
  fromMs: number,
  toMs: number,
  lengths: readonly number[] = CELL_LENGTHS.map(({ ms }) => ms).reverse(),
): Stretch[] {
  const [length, ...shorter] = lengths;
  if (length === undefined || fromMs >= toMs) return [];
  const first = shorter.length === 0 ? fromMs : Math.ceil(fromMs / length) * length;
  const last = shorter.length === 0 ? toMs : Math.floor(toMs / length) * length;
  if (first >= last) return coverRange(fromMs, toMs, shorter);
  return [
    ...coverRange(fromMs, first, shorter),
    { length, fromMs: first, toMs: last },
    ...coverRange(last, toMs, shorter),
  ];
}
