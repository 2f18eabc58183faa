import { DAY_MS, HOUR_MS } from '../counting/time.js';
import { LOOK, VERDICT } from '../fleet/findings.js';
import { NotTakenError, postJson, type Receiver } from '../sending/receiver.js';
import type { FindingEntry, RollupStore } from '../store/rollup-store.js';
import { noticeOf } from './notice.js';

const LIMITS = Object.freeze({
  answerMs: 5_000,
  /** Nobody is told of what is older, unless it still lasts. */
  oldestMs: DAY_MS,
  /** A notice that is refused for so long is left out, so that it keeps no other. */
  refusedMs: HOUR_MS,
  /** Until it is tried again; then twice as long each time. */
  firstPauseMs: 10_000,
  longestPauseMs: 300_000,
});

export interface NoticesOptions {
  readonly receiver: Receiver;
  /** Address at which people reach the collector. */
  readonly url: string;
  /** Of several collectors on a store one sends. */
  readonly store: Pick<RollupStore, 'unsentFindings' | 'noteSent' | 'lastFindings' | 'isKeeper'>;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
  readonly firstPauseMs?: number;
  readonly answerMs?: number;
}

export interface Notices {
  /** Sends what is due, after what is under way, or when it tries again. Nobody waits for it. */
  send(): void;
  /** Waits for the notice under way, five seconds at most. */
  close(): Promise<void>;
}

/** Tells a receiver of each finding that began or ended, one after the other and in order. */
export function createNotices(options: NoticesOptions): Notices {
  const { receiver, url, store, now, onError } = options;
  const { firstPauseMs, answerMs } = { ...LIMITS, ...options };
  let pauseMs = firstPauseMs;
  let waiting: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;
  let isClosed = false;
  /** What was written down since `sending` began may be missed by it. */
  let isDueAgain = false;
  let refused: { readonly n: number; readonly sinceMs: number } | undefined;

  async function sendDue(): Promise<void> {
    do {
      isDueAgain = false;
      while (!isClosed && (await store.isKeeper())) {
        const [entry] = await store.unsentFindings(1);
        if (!entry) break;
        if (await isTold(entry)) await post(entry);
        await store.noteSent(entry.n);
        pauseMs = firstPauseMs;
      }
    } while (isDueAgain && !isClosed);
    sending = undefined;
  }

  async function isTold({ n, kind, state, atMs }: FindingEntry): Promise<boolean> {
    if (kind === VERDICT || kind === LOOK) return false;
    if (atMs >= now() - LIMITS.oldestMs) return true;
    if (state !== 'began') return false;
    const { entries } = await store.lastFindings();
    return entries.some((last) => last.n === n);
  }

  async function post(entry: FindingEntry): Promise<void> {
    try {
      await postJson(receiver, noticeOf(entry, url), { answerMs });
    } catch (error) {
      if (!(error instanceof NotTakenError && error.isFinal)) throw error;
      if (refused?.n !== entry.n) refused = { n: entry.n, sinceMs: now() };
      if (now() - refused.sinceMs < LIMITS.refusedMs) throw error;
      const { origin } = receiver.address;
      onError(
        new Error(
          `Notice ${entry.n} was left out, because ${origin} has refused it for an hour: ${error.message}.`,
        ),
      );
    }
  }

  function tryAgain(cause: Error): void {
    sending = undefined;
    const { origin } = receiver.address;
    onError(new Error(`Notices were not sent to ${origin}: ${cause.message}.`, { cause }));
    if (isClosed) return;
    waiting = setTimeout(() => {
      waiting = undefined;
      send();
    }, pauseMs).unref();
    pauseMs = Math.min(2 * pauseMs, LIMITS.longestPauseMs);
  }

  function send(): void {
    isDueAgain = true;
    if (isClosed || waiting || sending) return;
    sending = sendDue().catch(tryAgain);
  }

  return {
    send,
    async close() {
      isClosed = true;
      clearTimeout(waiting);
      await sending;
    },
  };
}
