import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { isFile } from '../network/ask.js';
import { type Browser, type Context, type Tab, within } from './browser.js';
import type { Find } from './findings.js';
import type { Loaded } from './follow-scripts.js';
import { isOwn, type Page } from './read-page.js';

const LIMITS_MS = Object.freeze({
  /** A page that asks for nothing for so long has what it wants. */
  quiet: 1500,
  /** It is left after so long all the same. */
  visit: 20_000,
  /** Any question that the browser leaves open. */
  answer: 20_000,
});

export interface Transfer {
  readonly url: string;
  readonly startMs: number;
  readonly durationMs: number;
  /** As they crossed the network; 0 where Chromium does not say. */
  readonly sizeBytes: number;
}

interface Visit {
  readonly page: Page;
  readonly loaded: Loaded;
  readonly find: Find;
}

/**
 * Opens the page as on a first visit. Where its service worker takes over, its answers are compared with the server's.
 *
 * @returns all that it asked for, in order
 */
export async function visitPage(browser: Browser, given: Visit): Promise<Transfer[]> {
  const context = await browser.newContext({ serviceWorkers: 'allow' });
  const transfers = watch(context);
  const tab = await context.newPage();
  await tab.goto(given.page.url.href, { waitUntil: 'load' });
  const seen = await transfers.untilQuiet();
  await checkServiceWorker(tab, given);
  return seen;
}

/** Collects what a context asks for. */
function watch(context: Context) {
  const found: Promise<Transfer & { readonly atMs: number }>[] = [];
  let lastMs = Date.now();
  context.on('requestfinished', (request) => {
    lastMs = Date.now();
    const { startTime: atMs, responseEnd } = request.timing();
    const unknown = { responseBodySize: 0 };
    const sized = within(LIMITS_MS.answer, request.sizes(), unknown).catch(() => unknown);
    const rest = { url: request.url(), startMs: 0, durationMs: Math.max(0, responseEnd), atMs };
    found.push(sized.then(({ responseBodySize }) => ({ ...rest, sizeBytes: responseBodySize })));
  });
  async function untilQuiet(): Promise<Transfer[]> {
    const endMs = Date.now() + LIMITS_MS.visit;
    while (Date.now() < Math.min(endMs, lastMs + LIMITS_MS.quiet)) await wait(100);
    const all = (await Promise.all(found)).sort((a, b) => a.atMs - b.atMs);
    const [first] = all;
    return all.map(({ atMs, ...transfer }) => ({
      ...transfer,
      startMs: Math.round(atMs - (first?.atMs ?? 0)),
      durationMs: Math.round(transfer.durationMs),
    }));
  }
  return { untilQuiet };
}

async function checkServiceWorker(tab: Tab, { page, loaded, find }: Visit): Promise<void> {
  const isThere = await evaluate(
    tab,
    `(async () => {
    const workers = navigator.serviceWorker;
    if (!(await workers?.getRegistration())) return false;
    const late = new Promise((resolve) => setTimeout(resolve, 5000));
    return Boolean(await Promise.race([workers.ready, late]));
  })()`,
  );
  if (!isThere) return;
  await tab.reload();
  const own = [...loaded.scripts, ...loaded.runtime].flatMap(({ url, answer }) =>
    answer && isFile(answer) && isOwn(page, url) ? [{ url, answer }] : [],
  );
  const hashes = ((await evaluate(
    tab,
    `(async (urls) => {
    if (!navigator.serviceWorker.controller) return {};
    const hashOf = async (url) => {
      const bytes = await (await fetch(url)).arrayBuffer();
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
      return [url, Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')];
    };
    const all = await Promise.allSettled(urls.map(hashOf));
    return Object.fromEntries(all.flatMap(({ value }) => (value ? [value] : [])));
  })(${JSON.stringify(own.map(({ url }) => url))})`,
  )) ?? {}) as Record<string, string>;
  for (const { url, answer } of own) {
    const got = hashes[url];
    const expected = createHash('sha256').update(answer.bytes).digest('hex');
    if (got === undefined || got === expected) continue;
    find('old-service-worker', {
      what: url,
      message: "Expected the page's service worker to answer with the server's file, got another.",
      mend: 'Name its cache after the build, and delete the others in its `activate` event',
    });
  }
}

/** @returns undefined where the page does not answer */
function evaluate(tab: Tab, code: string): Promise<unknown> {
  return within(LIMITS_MS.answer, tab.evaluate(code), undefined).catch(() => undefined);
}
