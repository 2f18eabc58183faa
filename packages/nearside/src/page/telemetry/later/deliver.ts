import type { LossReason } from '@nearside/core';
import { unref } from '../../../shared/timers.js';
import { LOOK, REFUSED, refusalOf } from '../../platform/later/explain-fetch.js';
import type { Outbox } from './outbox.js';
import { sizeOf } from './seal-report.js';

/** Waits between rounds after a failure, ms: full jitter, up to twice as long each time. */
export const BACKOFF = Object.freeze({ firstMs: 5_000, longestMs: 30 * 60 * 1000 });

/** A round ends after so many reports that a collector answered for and did not take. */
const PASSED_OVER = 3;

/** Reports or traces that wait to be sent, by keys in their order. */
export interface Waiting<Item extends { readonly id: string }>
  extends Pick<Outbox, 'keys' | 'remove'> {
  get(key: string): Promise<Item | undefined>;
}

/** Answers after which sending the same again cannot help. */
export const REFUSALS: readonly number[] = [400, 413, 422];

/** Sends what the outbox holds. A report is deleted only when a collector has answered for it. */
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
  /** Collectors in order: the next is asked when one fails. */
  readonly endpoints: readonly string[];
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

type Verdict =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'refused' }
  | {
      readonly kind: 'later';
      readonly retryAfterMs?: number | undefined;
      readonly problem: string;
      readonly isAnswered?: boolean;
    };

/** Keys of what was sent as the page was left. Models with the same collectors share an outbox. */
const UNDER_WAY = new Set<string>();

export function createDelivery<Item extends { readonly id: string }>(
  options: DeliveryOptions<Item>,
): Delivery<Item> {
  const { outbox, endpoints, mayReport, bodyOf, refusals = REFUSALS } = options;
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
      const verdict = await post(bodyOf(item), endpoints, refusals);
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
      const verdict = await post(body, endpoints, refusals);
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
      await exclusively(endpoints, sendAll).catch(() => pause(undefined));
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
async function exclusively(endpoints: readonly string[], work: () => Promise<void>): Promise<void> {
  const locks = globalThis.navigator?.locks;
  let isBegun = false;
  const begin = (lock: unknown) => {
    isBegun = true;
    return lock ? work() : undefined;
  };
  const name = `nearside-reports ${endpoints.join(' ')}`;
  const done = locks ? locks.request(name, { ifAvailable: true }, begin) : begin(true);
  // A sandboxed frame has locks, and may have none of them.
  await Promise.resolve(done).catch((error) => {
    if (isBegun) throw error;
    return work();
  });
}

async function post(
  body: string,
  endpoints: readonly string[],
  refusals: readonly number[],
): Promise<Verdict> {
  let verdict: Verdict = { kind: 'later', problem: 'no collector to ask' };
  for (const endpoint of endpoints) {
    verdict = await postTo(endpoint, body, refusals);
    if (verdict.kind !== 'later') return verdict;
  }
  return verdict;
}

/**
 * Requests of a page that may outlive it have 64 KiB together (Fetch, section 4.6); this leaves some to the app. It is
 * shared by all models of the page.
 */
const OUTLIVING = { limitBytes: 60_000, bytes: 0 };

function outlivesPage(body: string): boolean {
  return OUTLIVING.bytes + sizeOf(body) <= OUTLIVING.limitBytes;
}

/** How long a collector may take to answer, ms. */
const ANSWER_MS = 15_000;

/** A redirection takes no report to another origin. Where it leads is not told, so that none of another's is followed. */
function staying(endpoint: string): RequestInit {
  const isOwn = new URL(endpoint).origin === globalThis.origin;
  return isOwn ? { mode: 'same-origin' } : { redirect: 'manual' };
}

async function postTo(
  endpoint: string,
  body: string,
  refusals: readonly number[],
): Promise<Verdict> {
  const keepalive = outlivesPage(body);
  const bytes = keepalive ? sizeOf(body) : 0;
  OUTLIVING.bytes += bytes;
  try {
    const response = await fetch(endpoint, {
      method: 'POST',
      // text/plain needs no preflight; a beacon would send cookies.
      headers: { 'content-type': 'text/plain' },
      body,
      keepalive,
      credentials: 'omit', // neither cookies nor the page's address
      referrerPolicy: 'no-referrer',
      ...staying(endpoint),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (response.type === 'opaqueredirect') {
      return { kind: 'later', problem: redirected(endpoint), isAnswered: true };
    }
    if (response.ok) return { kind: 'delivered' };
    if (refusals.includes(response.status)) return { kind: 'refused' };
    const problem = `${endpoint}: expected 204, got status ${response.status}.`;
    return { kind: 'later', retryAfterMs: retryAfterMs(response), problem, isAnswered: true };
  } catch {
    return { kind: 'later', problem: await whyUnanswered(endpoint) };
  } finally {
    OUTLIVING.bytes -= bytes;
  }
}

function redirected(endpoint: string): string {
  return `${endpoint}: expected 204, got a redirection, which no report follows. Name the address that it leads to.`;
}

async function whyUnanswered(endpoint: string): Promise<string> {
  const directive = await refusalOf(['connect-src'], () => fetch(endpoint, LOOK));
  if (!directive) {
    return `${endpoint}: expected an answer, got none. Is the collector up? A browser extension may keep it out too.`;
  }
  const { origin } = new URL(endpoint);
  return `${endpoint}: expected an answer, ${REFUSED}: add ${origin} to \`${directive}\`.`;
}

/** Seconds or an HTTP date (RFC 9110, section 10.2.3). */
function retryAfterMs(response: Response): number | undefined {
  const value = response.headers.get('retry-after');
  if (!value) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), BACKOFF.longestMs) : undefined;
}
