import { DAY_MS } from '../counting/time.js';
import { LOOK, VERDICT } from '../fleet/findings.js';
import { postJson, type Receiver } from '../sending/receiver.js';
import type { FindingEntry, RollupStore } from '../store/rollup-store.js';
import { noticeOf } from './notice.js';

const LIMITS = Object.freeze({
  answerMs: 5_000,
  /** Nobody is told of what is older. */
  oldestMs: DAY_MS,
  /** Until it is tried again; then twice as long each time. */
  firstPauseMs: 10_000,
  longestPauseMs: 300_000,
});

export interface NoticesOptions {
  readonly receiver: Receiver;
  /** Address at which people reach the collector. */
  readonly url: string;
  /** Of several collectors on a store one sends. */
  readonly store: Pick<RollupStore, 'unsentFindings' | 'noteSent' | 'isKeeper'>;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
  readonly firstPauseMs?: number;
  readonly answerMs?: number;
}

export interface Notices {
  /** Sends what is due, unless it does so already or waits to try again. Nobody waits for it. */
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

  async function sendDue(): Promise<void> {
    while (!isClosed && (await store.isKeeper())) {
      const [entry] = await store.unsentFindings(1);
      if (!entry) return;
      if (isTold(entry, now())) await postJson(receiver, noticeOf(entry, url), { answerMs });
      await store.noteSent(entry.n);
      pauseMs = firstPauseMs;
    }
  }

  function tryAgain(cause: Error): void {
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
    if (isClosed || waiting || sending) return;
    sending = sendDue()
      .catch(tryAgain)
      .finally(() => {
        sending = undefined;
      });
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

function isTold({ kind, atMs }: FindingEntry, nowMs: number): boolean {
  return kind !== VERDICT && kind !== LOOK && atMs >= nowMs - LIMITS.oldestMs;
}
