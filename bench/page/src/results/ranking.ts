import { isRanked, type Latency, type ResultRow } from './result.ts';

/**
 * Two rows are told apart when the same one was faster in each of so many turns: by chance that comes once in 32 runs
 * (two-sided sign test, 2 · ½⁶ ≈ 0.03).
 */
export const TURNS_TO_TELL = 6;

/** The ranked row with the least median, then those that cannot be told apart from it. */
export function fastestOf(rows: readonly ResultRow[]): readonly ResultRow[] {
  const [first, ...others] = rows.filter(isRanked).sort((a, b) => medianOf(a) - medianOf(b));
  return first ? [first, ...others.filter((other) => !isFaster(first, other))] : [];
}

/** Whether it was faster in every turn. */
function isFaster({ latency: one }: ResultRow, { latency: other }: ResultRow): boolean {
  const [ours, theirs] = [one?.turnMediansMs ?? [], other?.turnMediansMs ?? []];
  if (Math.min(ours.length, theirs.length) < TURNS_TO_TELL) return false;
  return ours.every((ms, turn) => ms < (theirs[turn] ?? Number.POSITIVE_INFINITY));
}

/** One call of a row, ms. */
export function medianOf({ latency }: ResultRow): number {
  return latency?.p50Ms ?? Number.POSITIVE_INFINITY;
}

/** From the least to the greatest median of a turn: of six turns, a 97 % interval of their median (sign test). */
export function intervalOf({ turnMediansMs }: Latency): readonly [number, number] {
  return [Math.min(...turnMediansMs), Math.max(...turnMediansMs)];
}
