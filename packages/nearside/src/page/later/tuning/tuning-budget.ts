import type { Contender } from '../../../shared/contenders.js';
import { bytesToFetch, type DeviceContents } from '../../../shared/contenders.js';

/** What is left of what measuring other backends may cost. */
export interface TuningBudget {
  /** Of the time, ms. */
  readonly leftMs: number;
  /** What a contender would have to fetch now, bytes. */
  sizeOf(contender: Contender): number;
  /** @returns why a contender cannot be afforded; undefined for one that can */
  objectionTo(contender: Contender): string | undefined;
  /** Pays for the bytes of a contender: its runtime is here from then on, for other variants too. */
  chargeBytes(contender: Contender): void;
  chargeMs(spentMs: number): void;
}

export function createTuningBudget(
  { maxBytes, maxMs }: { readonly maxBytes: number; readonly maxMs: number },
  { cachedRuntimes: cachedBefore, ...contents }: DeviceContents,
): TuningBudget {
  const cachedRuntimes = new Set(cachedBefore);
  let leftBytes = maxBytes;
  let leftMs = maxMs;
  const sizeOf = (contender: Contender) => bytesToFetch(contender, { ...contents, cachedRuntimes });
  return {
    get leftMs() {
      return leftMs;
    },
    sizeOf,
    objectionTo(contender) {
      const sizeBytes = sizeOf(contender);
      if (sizeBytes > leftBytes) return `${sizeBytes} bytes to fetch, ${leftBytes} left to spend`;
      return leftMs > 0 ? undefined : `${maxMs} ms are spent`;
    },
    chargeBytes(contender) {
      leftBytes -= sizeOf(contender);
      cachedRuntimes.add(contender.backend);
    },
    chargeMs(spentMs) {
      leftMs -= spentMs;
    },
  };
}
