import type { LossReason, Report } from '@nearside/core';
import { refusalOf } from '../policy-refusal.js';
import { unref } from '../timers.js';
import type { Outbox } from './outbox.js';

/** Waits between rounds after a failure: full jitter up to twice as long each time, ms. */
export const BACKOFF = Object.freeze({ firstMs: 5_000, longestMs: 30 * 60 * 1000 });

/** Sends what the outbox holds. A report is deleted only when a collector has answered for it. */
export interface Delivery {
  /** Sends everything now, unless a collector has asked for a pause. Never rejects. */
  drain(): Promise<void>;
  /** Stops waiting for a next round. What is stored stays stored. */
  close(): void;
}

export interface DeliveryOptions {
  readonly outbox: Outbox;
  /** Collectors in order: the next is asked when one fails. */
  readonly endpoints: readonly string[];
  /** Whether the user lets anything be sent; what waits is gone where not. */
  readonly mayReport?: (() => Promise<boolean>) | undefined;
  readonly onSent: (report: Report) => void;
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
    };

export function createDelivery({
  outbox,
  endpoints,
  mayReport,
  onSent,
  onDropped,
  onKept,
}: DeliveryOptions): Delivery {
  let draining: Promise<void> | undefined;
  let failures = 0;
  let notBeforeMs = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;
  let hasMore = false;

  async function sendAll(): Promise<void> {
    const keys = await outbox.keys();
    if (keys.length > 0 && mayReport && !(await mayReport())) return;
    for (const key of keys) {
      const report = await outbox.get(key);
      if (!report) continue;
      const verdict = await post({ ...report, sent: Date.now() }, endpoints);
      if (verdict.kind === 'later') {
        onKept(verdict.problem);
        return pause(verdict.retryAfterMs);
      }
      failures = 0;
      await outbox.remove(key);
      if (verdict.kind === 'delivered') onSent(report);
      else onDropped(report.id, 'refused');
    }
  }

  function pause(retryAfterMs: number | undefined): void {
    const ceiling = Math.min(BACKOFF.longestMs, BACKOFF.firstMs * 2 ** failures);
    failures += 1;
    const waitMs =
      retryAfterMs === undefined ? Math.random() * ceiling : retryAfterMs * (1 + Math.random() / 4);
    if (retryAfterMs !== undefined) notBeforeMs = Date.now() + waitMs;
    clearTimeout(timer);
    if (closed) return;
    timer = setTimeout(() => void drain(), waitMs);
    unref(timer);
  }

  async function sendRounds(): Promise<void> {
    while (hasMore && Date.now() >= notBeforeMs) {
      hasMore = false;
      // A failing store keeps what it has; the next round tries again.
      await exclusively(endpoints, sendAll).catch(() => pause(undefined));
    }
  }

  async function drain(): Promise<void> {
    if (Date.now() < notBeforeMs) return;
    hasMore = true; // what was stored while others are being sent
    draining ??= sendRounds().finally(() => {
      draining = undefined;
    });
    return draining;
  }

  return {
    drain,
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** One tab drains an outbox at a time, so that none sends what another is sending. */
async function exclusively(endpoints: readonly string[], work: () => Promise<void>): Promise<void> {
  const locks = globalThis.navigator?.locks;
  if (!locks) return work();
  await locks.request(`nearside-reports ${endpoints.join(' ')}`, { ifAvailable: true }, (lock) =>
    lock ? work() : undefined,
  );
}

async function post(report: Report, endpoints: readonly string[]): Promise<Verdict> {
  let verdict: Verdict = { kind: 'later', problem: 'no collector to ask' };
  for (const endpoint of endpoints) {
    verdict = await postTo(endpoint, report);
    if (verdict.kind !== 'later') return verdict;
  }
  return verdict;
}

/** How long a collector may take to answer, ms. */
const ANSWER_MS = 15_000;

/** Neither cookies nor the page's address. */
const PRIVATELY = { credentials: 'omit', referrerPolicy: 'no-referrer' } as const;

async function postTo(endpoint: string, report: Report): Promise<Verdict> {
  try {
    const response = await fetch(endpoint, {
      method: 'POST',
      // text/plain needs no preflight; a beacon would send cookies.
      headers: { 'content-type': 'text/plain' },
      body: JSON.stringify(report),
      keepalive: true,
      ...PRIVATELY,
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (response.ok) return { kind: 'delivered' };
    // Sending the same again cannot help.
    if ([400, 413, 422].includes(response.status)) return { kind: 'refused' };
    const problem = `${endpoint}: expected 204, got status ${response.status}.`;
    return { kind: 'later', retryAfterMs: retryAfterMs(response), problem };
  } catch {
    return { kind: 'later', problem: await whyUnanswered(endpoint) };
  }
}

async function whyUnanswered(endpoint: string): Promise<string> {
  const refused = await refusalOf(['connect-src'], () =>
    fetch(endpoint, { method: 'HEAD', ...PRIVATELY }),
  );
  if (!refused) {
    return `${endpoint}: expected an answer, got none. Is the collector up? A browser extension may keep it out too.`;
  }
  const { origin } = new URL(endpoint);
  return `${endpoint}: expected to be allowed to ask it, got a refusal of the page's Content-Security-Policy: add ${origin} to \`${refused.directive}\`.`;
}

/** Seconds or an HTTP date (RFC 9110, section 10.2.3). */
function retryAfterMs(response: Response): number | undefined {
  const value = response.headers.get('retry-after');
  if (!value) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), BACKOFF.longestMs) : undefined;
}
