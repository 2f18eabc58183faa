import { bytesToFetch, type DeviceContents } from '../../../shared/contender-order.js';
import type { Contender } from '../../../shared/contenders.js';
import type { Connection } from '../../workers/connection.js';

export interface TimingOptions {
  readonly serving: Pick<Connection, 'time'>;
  readonly contender: Pick<Connection, 'time'>;
  /** Pays for all runs of both, also for one that fails. */
  readonly budget: Pick<TuningBudget, 'leftMs' | 'chargeMs'>;
  /** Awaited before each pair. */
  readonly idle: () => Promise<void>;
}

/** The worker that serves failed, not the contender. */
export class ServingFailed extends Error {}

/**
 * Times the same input on both, in interleaved pairs whose order is drawn anew, so that other work of the page slows
 * both.
 *
 * @returns undefined when the time was spent before enough pairs
 * @throws ServingFailed; what the contender's runs reject with
 */
export async function timeBeside(options: TimingOptions): Promise<Comparison | undefined> {
  const { serving, contender, budget, idle } = options;
  const times = { serving: [] as number[], contender: [] as number[] };
  let comparison: Comparison | undefined;

  /** @returns true when it ended within the time that was left */
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

/** Another backend takes over when it is faster by this share: less is within the noise of one page. */
const MARGIN = 0.1;

/** A backend of the same speed may win as many pairs so seldom (a one-sided sign test). */
const LEVEL = 1 / 25;

/** Nothing is decided before so many pairs. */
export const LEAST_PAIRS = 5;

/** A close race is decided after so many pairs. */
export const CLOSE_PAIRS = 11;

/** Everything is decided after so many pairs: on a busy device medians are clear before most pairs agree. */
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
 * Decides whether a contender takes over. It goes by medians, because one slow run says something about the page and
 * not about the backend. It asks for a margin and most of the pairs, so that two of the same speed do not take turns
 * on a busy device.
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

/** The contender is faster by more than the noise of one page. */
export function isFasterBy(servingMs: number, contenderMs: number): boolean {
  return contenderMs < servingMs * (1 - MARGIN);
}

/** More pairs would be a waste. */
export function isDecided(
  { servingMs, contenderMs, isFaster }: Comparison,
  pairs: number,
): boolean {
  if (servingMs > CLEAR_RATIO * contenderMs) return isFaster || pairs >= MOST_PAIRS;
  return contenderMs > CLEAR_RATIO * servingMs || pairs >= CLOSE_PAIRS;
}

/** The chance that one of two of the same speed wins so many pairs, or more. */
function chanceOf(won: number, pairs: number): number {
  let ways = 1; // to lose none of them, then one, two, …
  let sum = 0;
  for (let lost = 0; lost <= pairs - won; lost += 1) {
    sum += ways;
    ways *= (pairs - lost) / (lost + 1);
  }
  return sum / 2 ** pairs;
}

export type TuningBudget = ReturnType<typeof createTuningBudget>;

/** Bytes and time that measuring other backends may still cost. */
export function createTuningBudget(
  { maxBytes, maxMs }: { readonly maxBytes: number; readonly maxMs: number },
  { cachedRuntimes: cachedBefore, ...contents }: DeviceContents,
) {
  const cachedRuntimes = new Set(cachedBefore);
  let leftBytes = maxBytes;
  let leftMs = maxMs;
  /** Bytes that a contender would have to fetch now. */
  const sizeOf = (contender: Contender) => bytesToFetch(contender, { ...contents, cachedRuntimes });
  return {
    /** The time that is left, ms. */
    get leftMs() {
      return leftMs;
    },
    sizeOf,
    /** @returns why a contender cannot be afforded; undefined for one that can */
    objectionTo(contender: Contender): string | undefined {
      const sizeBytes = sizeOf(contender);
      if (sizeBytes > leftBytes) return `${sizeBytes} bytes to fetch, ${leftBytes} left to spend`;
      return leftMs > 0 ? undefined : `${maxMs} ms are spent`;
    },
    /** Pays for the bytes of a contender: its runtime is here from then on, for other variants too. */
    chargeBytes(contender: Contender): void {
      leftBytes -= sizeOf(contender);
      cachedRuntimes.add(contender.backend);
    },
    chargeMs(spentMs: number): void {
      leftMs -= spentMs;
    },
  };
}

/** @param values at least one */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}
