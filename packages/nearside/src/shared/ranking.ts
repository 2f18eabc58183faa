import { PRIORITIES, type Priority } from './api/run.js';

/** The priority of calls that name none. */
export const DEFAULT_PRIORITY: Priority = 'normal';

/** Waiting this long lifts a call by one priority, ms: nothing waits behind a flood for ever. */
export const AGEING_MS = 1_000;

interface Waiting {
  readonly priority: Priority;
  /** By `performance.now()`. */
  readonly enteredMs: number;
}

/** The one to start next: by priority and age, then first come, first served. */
export function mostUrgent<Entry extends Waiting>(
  waiting: readonly Entry[],
  nowMs: number,
): Entry | undefined {
  let best: Entry | undefined;
  let bestRank = Number.POSITIVE_INFINITY;
  for (const entry of waiting) {
    const rank = rankOf(entry, nowMs);
    if (rank >= bestRank) continue;
    best = entry;
    bestRank = rank;
  }
  return best;
}

/** 0 is most urgent. */
function rankOf({ priority, enteredMs }: Waiting, nowMs: number): number {
  const lifted = Math.floor((nowMs - enteredMs) / AGEING_MS);
  return Math.max(0, PRIORITIES.indexOf(priority) - lifted);
}
