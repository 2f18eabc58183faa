import { median } from './median.js';

/** How much faster another backend must be to take over: less is within the noise of one page. */
const MARGIN = 0.1;
/** In how many of the pairs: two of the same speed come to it in one of 30 measurements of 11 pairs. */
const WON_SHARE = 0.8;
/** Pairs without which nothing is decided. */
export const LEAST_PAIRS = 5;
/** Pairs after which everything is. */
export const MOST_PAIRS = 11;
/** Medians further apart than this decide after the least pairs. */
const CLEAR_RATIO = 1.5;

/** Times of the same input on both, ms, in interleaved pairs. */
export interface TimedPairs {
  readonly serving: readonly number[];
  readonly contender: readonly number[];
}

export interface Comparison {
  /** Medians, ms. */
  readonly servingMs: number;
  readonly contenderMs: number;
  readonly isFaster: boolean;
}

/**
 * Whether a contender shall take over. Medians, because one slow run says something about the page
 * and not about the backend; a margin and most of the pairs, so that two of the same speed do not
 * take turns on a busy device.
 *
 * @returns undefined while there are too few pairs to tell
 */
export function compareTimes({ serving, contender }: TimedPairs): Comparison | undefined {
  const pairs = Math.min(serving.length, contender.length);
  if (pairs < LEAST_PAIRS) return undefined;
  const servingMs = median(serving);
  const contenderMs = median(contender);
  const won = contender.filter((time, i) => time < (serving[i] ?? 0)).length;
  const isFaster = contenderMs < servingMs * (1 - MARGIN) && won >= WON_SHARE * pairs;
  return { servingMs, contenderMs, isFaster };
}

/** Whether more pairs would be a waste: where medians speak for a contender and too few pairs do, they tell. */
export function isDecided(
  { servingMs, contenderMs, isFaster }: Comparison,
  pairs: number,
): boolean {
  if (pairs >= MOST_PAIRS) return true;
  return isFaster ? servingMs > CLEAR_RATIO * contenderMs : contenderMs > CLEAR_RATIO * servingMs;
}
