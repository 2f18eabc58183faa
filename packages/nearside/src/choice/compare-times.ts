import { median } from './median.js';

/** How much faster another backend must be to take over: less is within the noise of one page. */
const MARGIN = 0.1;
/** How seldom two of the same speed may win as many pairs as one of them has (a one-sided sign test). */
const LEVEL = 1 / 25;
/** Pairs without which nothing is decided. */
export const LEAST_PAIRS = 5;
/** Pairs after which a close race is decided. */
export const CLOSE_PAIRS = 11;
/** Pairs after which everything is: on a busy device clear medians are had before most pairs agree. */
export const MOST_PAIRS = 31;
/** Medians further apart than this are clear. */
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
  const isFaster = contenderMs < servingMs * (1 - MARGIN) && chanceOf(won, pairs) <= LEVEL;
  return { servingMs, contenderMs, isFaster };
}

/** Whether more pairs would be a waste. */
export function isDecided(
  { servingMs, contenderMs, isFaster }: Comparison,
  pairs: number,
): boolean {
  if (servingMs > CLEAR_RATIO * contenderMs) return isFaster || pairs >= MOST_PAIRS;
  return contenderMs > CLEAR_RATIO * servingMs || pairs >= CLOSE_PAIRS;
}

/** How likely one of two of the same speed wins so many pairs, or more. */
function chanceOf(won: number, pairs: number): number {
  let ways = 1; // to lose none of them, then one, two, …
  let sum = 0;
  for (let lost = 0; lost <= pairs - won; lost += 1) {
    sum += ways;
    ways *= (pairs - lost) / (lost + 1);
  }
  return sum / 2 ** pairs;
}
