import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { requireNearsideFile } from '../packing/nearside-script.js';
import { isFile } from './ask.js';
import { type Browser, type Context, launchChromium, type Route, type Tab } from './browser.js';
import type { CheckedModel } from './check-model.js';
import type { Find } from './findings.js';
import type { Loaded } from './follow-scripts.js';
import type { Page } from './read-page.js';

const LIMITS_MS = Object.freeze({
  /** A page that asks for nothing for so long has what it wants. */
  quiet: 1500,
  /** It is left after so long all the same. */
  visit: 20_000,
  /** Opening a model, and asking about each backend. */
  opening: 120_000,
  /** Any other question that the browser leaves open. */
  answer: 20_000,
});

export interface InBrowser {
  readonly name: string;
  /** What the page asked for on a first visit, in order. */
  readonly waterfall: readonly Transfer[];
  /** Of `explainBackend()`, of the first model. */
  readonly backends: readonly Verdict[];
}

export interface Transfer {
  readonly url: string;
  readonly startMs: number;
  readonly durationMs: number;
  /** As they crossed the network; 0 where Chromium does not say. */
  readonly sizeBytes: number;
}

export interface Verdict {
  readonly backend: string;
  readonly verdict: string;
  readonly variant?: string;
  readonly p50Ms?: number;
  readonly threads?: number;
  readonly message?: string;
}

export interface ToLookAt {
  readonly page: Page;
  readonly loaded: Loaded;
  readonly model: CheckedModel | undefined;
  readonly find: Find;
  readonly notes: string[];
}

/**
 * Opens the page in Chromium, as on a first visit. Where its service worker takes over, its answers are compared with
 * the server's. Then it opens a model on a page of the same origin and headers, with this package's own library.
 *
 * @throws Error where Playwright or Chromium is missing
 */
export async function lookInBrowser(given: ToLookAt): Promise<InBrowser> {
  const browser = await launchChromium();
  try {
    const waterfall = await visit(browser, given);
    const backends = given.model?.open ? await openModel(browser, given, given.model) : [];
    return { name: `Chromium ${browser.version()}`, waterfall, backends };
  } finally {
    await browser.close();
  }
}

async function visit(browser: Browser, given: ToLookAt): Promise<Transfer[]> {
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

async function checkServiceWorker(tab: Tab, { page, loaded, find }: ToLookAt): Promise<void> {
  const isThere = await ask(
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
    answer && isFile(answer) && new URL(url).origin === page.url.origin ? [{ url, answer }] : [],
  );
  const hashes = ((await ask(
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
function ask(tab: Tab, code: string): Promise<unknown> {
  return within(LIMITS_MS.answer, tab.evaluate(code), undefined).catch(() => undefined);
}

function within<Value, Other>(limitMs: number, promise: Promise<Value>, otherwise: Other) {
  const ended = new AbortController();
  const late = wait(limitMs, otherwise, { signal: ended.signal });
  return Promise.race([promise, late]).finally(() => {
    late.catch(() => {}); // ended below
    ended.abort();
  });
}

/** Below it lie files of this package, on the page's own origin. */
const FOLDER = '/.nearside-doctor/';

async function openModel(
  browser: Browser,
  given: ToLookAt,
  { url, open }: CheckedModel,
): Promise<Verdict[]> {
  const context = await browser.newContext({
    serviceWorkers: 'block',
    // To Chromium a routed page is of no network, and may not ask the machine it runs on.
    permissions: ['local-network-access'],
  });
  await context.route(`**${FOLDER}**`, (route) => answer(route, given));
  const tab = await context.newPage();
  await tab.goto(new URL(FOLDER, given.page.url).href);
  const asked = tab.evaluate(`(async (url, options) => {
    const module = '${FOLDER}nearside.module.js';
    const library = await import(module).catch(() => undefined);
    if (!library) return { isRefused: true };
    try {
      const model = await library.open(url, options);
      return { backends: await model.explainBackend() };
    } catch ({ code, message }) {
      return { code, message };
    }
  })(${JSON.stringify(url)}, ${JSON.stringify({ ...open, assets: `${FOLDER}assets/` })})`);
  const got = (await within(LIMITS_MS.opening, asked, { code: 'deadline' })) as {
    isRefused?: true;
    backends?: Verdict[];
    code?: string;
    message?: string;
  };
  if (got.isRefused) {
    given.notes.push(
      "The page's policy admits no module of its own origin, so no model was opened.",
    );
  } else if (!got.backends) {
    given.find('open-failed', {
      what: url,
      message: `Expected to open the model in Chromium, got ${got.code}: ${got.message ?? 'no answer in two minutes.'}`,
      mend: `docs/errors.md#${got.code} says what to do`,
    });
  }
  return got.backends ?? [];
}

const PAGE_HEADERS = [
  'content-security-policy',
  'cross-origin-opener-policy',
  'cross-origin-embedder-policy',
  'document-isolation-policy',
];

/** Answers with a file of the library under the headers of the page, or of its worker's file. */
async function answer(route: Route, { page, loaded }: ToLookAt): Promise<void> {
  const { pathname } = new URL(route.request().url());
  const name = pathname.slice(FOLDER.length);
  if (name === '') {
    const body = '<!doctype html><title>nearside doctor</title>';
    return route.fulfill({ body, contentType: 'text/html', headers: chosen(page.answer.headers) });
  }
  if (!/^(?:assets\/)?[\w.-]+\.(?:js|wasm)$/.test(name)) return route.abort();
  const own = loaded.runtime.find(
    ({ kind, url, answer }) =>
      kind === 'worker' && answer && new URL(url).origin === page.url.origin,
  );
  const headers = chosen(own?.answer?.headers ?? page.answer.headers);
  const contentType = name.endsWith('.js') ? 'text/javascript' : 'application/wasm';
  const path = join(dirname(requireNearsideFile('dist/index.js')), name);
  return route.fulfill({ path, contentType, headers });
}

function chosen(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    PAGE_HEADERS.flatMap((name) => {
      const value = headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
}
