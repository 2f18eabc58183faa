import { dirname, join } from 'node:path';
import { requireNearsideFile } from '../packing/nearside-script.js';
import { type Browser, type Route, within } from './browser.js';
import type { CheckedModel } from './check-model.js';
import type { Find } from './findings.js';
import type { Loaded } from './follow-scripts.js';
import { isOwn, type Page } from './read-page.js';

/** Opening a model, and asking about each backend. */
const OPENING_MS = 120_000;

export interface BackendVerdict {
  readonly backend: string;
  readonly verdict: string;
  readonly variant?: string;
  readonly p50Ms?: number;
  readonly threads?: number;
  readonly message?: string;
}

export interface PageToOpenBeside {
  readonly page: Page;
  readonly loaded: Loaded;
  readonly find: Find;
  /** Takes a sentence where no model could be opened. */
  readonly notes: string[];
}

/** Below it lie files of this package, on the page's own origin. */
const FOLDER = '/.nearside-doctor/';

/**
 * Opens a model on a page of the same origin and headers, with this package's own library.
 *
 * @returns what `explainBackend()` says
 */
export async function openBeside(
  browser: Browser,
  given: PageToOpenBeside,
  { url, open }: CheckedModel,
): Promise<BackendVerdict[]> {
  const context = await browser.newContext({
    serviceWorkers: 'block',
    // To Chromium a routed page is of no network, and may not ask the machine it runs on.
    permissions: ['local-network-access'],
  });
  await context.route(`**${FOLDER}**`, (route) => fulfil(route, given));
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
  const got = (await within(OPENING_MS, asked, { code: 'deadline' })) as {
    isRefused?: true;
    backends?: BackendVerdict[];
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
async function fulfil(route: Route, { page, loaded }: PageToOpenBeside): Promise<void> {
  const { pathname } = new URL(route.request().url());
  const name = pathname.slice(FOLDER.length);
  if (name === '') {
    const body = '<!doctype html><title>nearside doctor</title>';
    return route.fulfill({ body, contentType: 'text/html', headers: chosen(page.answer.headers) });
  }
  if (!/^(?:assets\/)?[\w.-]+\.(?:js|wasm)$/.test(name)) return route.abort();
  const own = loaded.runtime.find(
    ({ kind, url, answer }) => kind === 'worker' && answer && isOwn(page, url),
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
