import { median } from '../../../shared/timers.js';
import type { Connection } from '../../workers/connection.js';
import type { TuningBudget } from './tuning-budget.js';

export interface TimingOptions {
  readonly serving: Pick<Connection, 'time'>;
  readonly contender: Pick<Connection, 'time'>;
  /** Pays for all runs of both, also for one that fails. */
  readonly budget: Pick<TuningBudget, 'leftMs' | 'chargeMs'>;
  /** Waited for before each pair. */
  readonly idle: () => Promise<void>;
}

/** The worker that serves failed, not the contender. */
export class ServingFailed extends Error {}

/**
 * Times the same input on both, in interleaved pairs whose order is drawn anew, so that what slows
 * the page down meanwhile slows both.
 *
 * @returns undefined when the time was spent before enough pairs
 * @throws ServingFailed; what the contender's runs reject with
 */
export async function timeBeside({
  serving,
  contender,
  budget,
  idle,
}: TimingOptions): Promise<Comparison | undefined> {
  const times = { serving: [] as number[], contender: [] as number[] };
  let comparison: Comparison | undefined;

  /** @returns whether it ended within the time that was left */
  async function timeOne(which: keyof typeof times, isWarmUp = false): Promise<boolean> {
    const startMs = performance.now();
    const timed = which === 'serving' ? serving.time().catch(servingFailed) : contender.time();
    const timeMs = await within(budget.leftMs, timed).finally(() =>
      budget.chargeMs(performance.now() - startMs),
    );
    if (timeMs === undefined) return false;
    if (!isWarmUp) times[which].push(timeMs);
    return true;
  }

  async function timePair(isWarmUp: boolean): Promise<boolean> {
    await idle();
    const order = ['serving', 'contender'] as const;
    for (const which of Math.random() < 0.5 ? order : order.toReversed()) {
      if (!(await timeOne(which, isWarmUp))) return false;
    }
    return true;
  }

  let isWithin = await timePair(true);
  while (isWithin && times.contender.length < MOST_PAIRS) {
    isWithin = await timePair(false);
    comparison = compareTimes(times);
    if (comparison && isDecided(comparison, times.contender.length)) break;
  }
  return comparison;
}

/** @returns undefined when it takes longer */
async function within<Value>(limitMs: number, work: Promise<Value>): Promise<Value | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, limitMs, undefined);
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
    work.catch(() => {}); // it rejects later, when its worker is ended
  }
}

function servingFailed(cause: unknown): never {
  throw new ServingFailed('the serving worker failed while it was timed', { cause });
}

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
  const isFaster = isFasterBy(servingMs, contenderMs) && chanceOf(won, pairs) <= LEVEL;
  return { servingMs, contenderMs, isFaster };
}

/** Whether it is so by more than the noise of one page. */
export function isFasterBy(servingMs: number, contenderMs: number): boolean {
  return contenderMs < servingMs * (1 - MARGIN);
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
