import type { LossReason } from '@nearside/core';
import { unref } from '../../../shared/timers.js';
import type { Receiver } from '../../options/plan-opening.js';
import type { Outbox } from './outbox.js';
import { BACKOFF, outlivesPage, REFUSALS, send, type Verdict } from './send.js';

/** A round ends after so many reports that a collector answered for and did not take. */
const PASSED_OVER = 3;

/** Reports or traces that wait to be sent, by keys in their order. */
export interface Waiting<Item extends { readonly id: string }>
  extends Pick<Outbox, 'keys' | 'remove'> {
  get(key: string): Promise<Item | undefined>;
}

/** Sends what the outbox holds. A report is deleted only when a receiver has answered for it. */
export interface Delivery<Item> {
  /** Sends everything now that is not under way, unless a collector has asked for a pause. Never rejects. */
  drain(): Promise<void>;
  /**
   * Sends an item in this turn, from memory, while it is stored under `key`.
   *
   * @returns whether a collector has answered for it, never rejected; undefined where it waits: a collector has asked for
   *   a pause, or too much is under way
   */
  sendAtOnce(key: string, item: Item): Promise<boolean> | undefined;
  /** Stops waiting for a next round. What is stored stays stored. */
  close(): void;
}

export interface DeliveryOptions<Item extends { readonly id: string }> {
  readonly outbox: Waiting<Item>;
  /** In order: the next is asked when one fails. */
  readonly receivers: readonly Receiver[];
  /** Shared by the tabs that send the same items to the same receivers. */
  readonly name: string;
  /** Asks whether the user lets anything be sent. Where not, what waits is deleted by then. */
  readonly mayReport?: (() => Promise<boolean>) | undefined;
  /** Gives an item the form in which it is sent. */
  readonly bodyOf: (item: Item) => string;
  readonly refusals?: readonly number[] | undefined;
  readonly onSent: (item: Item) => void;
  readonly onDropped: (id: string, reason: LossReason) => void;
  /** Told why a report stays here for now, in words. */
  readonly onKept: (problem: string) => void;
}

/** Keys of what was sent as the page was left. Models with the same collectors share an outbox. */
const UNDER_WAY = new Set<string>();

export function createDelivery<Item extends { readonly id: string }>(
  options: DeliveryOptions<Item>,
): Delivery<Item> {
  const { outbox, receivers, name, mayReport, bodyOf, refusals = REFUSALS } = options;
  const { onSent, onDropped, onKept } = options;
  let draining: Promise<void> | undefined;
  let failures = 0;
  let notBeforeMs = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;
  let hasMore = false;

  async function sendAll(): Promise<void> {
    let passedOver = 0;
    for (const key of await outbox.keys()) {
      if (UNDER_WAY.has(key)) continue;
      if (mayReport && !(await mayReport())) return;
      const item = await outbox.get(key);
      if (!item) continue;
      const verdict = await send(bodyOf(item), receivers, refusals);
      if (verdict.kind === 'later') {
        onKept(verdict.problem);
        // A report that a collector cannot take holds up no other.
        if (verdict.isAnswered && verdict.retryAfterMs === undefined && passedOver < PASSED_OVER) {
          passedOver += 1;
          continue;
        }
        return pause(verdict.retryAfterMs);
      }
      await settle(key, item, verdict);
    }
    if (passedOver > 0) pause(undefined);
  }

  /** A collector has answered for an item, and it need not be sent again. */
  async function settle(key: string, item: Item, { kind }: Verdict): Promise<void> {
    failures = 0;
    await outbox.remove(key);
    if (kind === 'delivered') onSent(item);
    else onDropped(item.id, 'refused');
  }

  function sendAtOnce(key: string, item: Item): Promise<boolean> | undefined {
    const body = bodyOf(item);
    if (performance.now() < notBeforeMs || !outlivesPage(body)) return undefined;
    UNDER_WAY.add(key);
    const failuresBefore = failures;
    const answer = async () => {
      const verdict = await send(body, receivers, refusals);
      UNDER_WAY.delete(key);
      if (verdict.kind !== 'later') await settle(key, item, verdict).catch(() => {});
      else {
        onKept(verdict.problem);
        // Reports that were under way together have failed once.
        failures = Math.min(failures, failuresBefore);
        pause(verdict.retryAfterMs);
      }
      return verdict.kind !== 'later';
    };
    return answer();
  }

  function pause(retryAfterMs: number | undefined): void {
    const ceiling = Math.min(BACKOFF.longestMs, BACKOFF.firstMs * 2 ** failures);
    failures += 1;
    const waitMs =
      retryAfterMs === undefined ? Math.random() * ceiling : retryAfterMs * (1 + Math.random() / 4);
    if (retryAfterMs !== undefined) notBeforeMs = performance.now() + waitMs;
    clearTimeout(timer);
    if (closed) return;
    timer = setTimeout(() => void drain(), Math.max(waitMs, notBeforeMs - performance.now()));
    unref(timer);
  }

  async function sendRounds(): Promise<void> {
    while (hasMore && performance.now() >= notBeforeMs) {
      hasMore = false;
      // A failing store keeps what it has; the next round tries again.
      await exclusively(name, sendAll).catch(() => pause(undefined));
    }
  }

  async function drain(): Promise<void> {
    if (performance.now() < notBeforeMs) return;
    hasMore = true; // something may have been stored while others are being sent
    draining ??= sendRounds().finally(() => {
      draining = undefined;
    });
    return draining;
  }

  return {
    drain,
    sendAtOnce,
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** One tab drains an outbox at a time, so that none sends what another is sending. */
async function exclusively(name: string, work: () => Promise<void>): Promise<void> {
  const locks = globalThis.navigator?.locks;
  let isBegun = false;
  const begin = (lock: unknown) => {
    isBegun = true;
    return lock ? work() : undefined;
  };
  const done = locks
    ? locks.request(`nearside-reports ${name}`, { ifAvailable: true }, begin)
    : begin(true);
  // A sandboxed frame has locks, and may have none of them.
  await Promise.resolve(done).catch((error) => {
    if (isBegun) throw error;
    return work();
  });
}
