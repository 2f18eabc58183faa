import type { ReceiveReport } from '../../../shared/api/open-options.js';
import { messageOf } from '../../../shared/failures.js';
import { settlesWithin } from '../../../shared/timers.js';
import type { Receiver } from '../../options/plan-opening.js';
import { LOOK, REFUSED, refusalOf } from '../../platform/later/explain-fetch.js';
import { sizeOf } from './seal-report.js';

/** Waits between rounds after a failure, ms: full jitter, up to twice as long each time. */
export const BACKOFF = Object.freeze({ firstMs: 5_000, longestMs: 30 * 60 * 1000 });

/** Answers after which sending the same again cannot help. */
export const REFUSALS: readonly number[] = [400, 413, 422];

export type Verdict =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'refused' }
  | {
      readonly kind: 'later';
      readonly retryAfterMs?: number | undefined;
      readonly problem: string;
      readonly isAnswered?: boolean;
    };

/** Asks one receiver after the other, until one has answered for it. Never rejects. */
export async function send(
  body: string,
  receivers: readonly Receiver[],
  refusals: readonly number[],
): Promise<Verdict> {
  let verdict: Verdict = { kind: 'later', problem: 'no collector to ask' };
  for (const receiver of receivers) {
    verdict = await (typeof receiver === 'function'
      ? handOver(receiver, body)
      : post(receiver, body, refusals));
    if (verdict.kind !== 'later') return verdict;
  }
  return verdict;
}

/** Gives the app what would have been sent. */
async function handOver(receive: ReceiveReport, body: string): Promise<Verdict> {
  const received = (async () => receive(JSON.parse(body)))();
  if (!(await settlesWithin(ANSWER_MS, received))) {
    const problem = `report.to: expected its promise to settle within ${ANSWER_MS / 1000} s, got none that did.`;
    return { kind: 'later', problem };
  }
  return received.then(
    () => ({ kind: 'delivered' }),
    (error) => {
      const problem = `report.to: expected a promise that resolves, got ${messageOf(error)}`;
      return { kind: 'later', problem, isAnswered: true };
    },
  );
}

/**
 * Requests of a page that may outlive it have 64 KiB together (Fetch, section 4.6); this leaves some to the app. It is
 * shared by all models of the page.
 */
const OUTLIVING = { limitBytes: 60_000, bytes: 0 };

export function outlivesPage(body: string): boolean {
  return OUTLIVING.bytes + sizeOf(body) <= OUTLIVING.limitBytes;
}

/** How long a collector may take to answer, ms. */
const ANSWER_MS = 15_000;

/** A redirection takes no report to another origin. Where it leads is not told, so that none of another's is followed. */
function staying(endpoint: string): RequestInit {
  const isOwn = new URL(endpoint).origin === globalThis.origin;
  return isOwn ? { mode: 'same-origin' } : { redirect: 'manual' };
}

async function post(endpoint: string, body: string, refusals: readonly number[]): Promise<Verdict> {
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
