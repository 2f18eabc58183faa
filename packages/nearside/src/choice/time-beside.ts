import type { Connection } from '../workers/connection.js';
import { type Comparison, compareTimes, isDecided, MOST_PAIRS } from './compare-times.js';
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
