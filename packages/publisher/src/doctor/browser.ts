import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

/** The part of Playwright that is used here. People install it themselves, for `--browser` alone. */
interface Playwright {
  readonly chromium: { launch(options: object): Promise<Browser> };
}

export interface Browser {
  version(): string;
  newContext(options: {
    serviceWorkers: 'allow' | 'block';
    permissions?: string[];
  }): Promise<Context>;
  close(): Promise<void>;
}

export interface Context {
  newPage(): Promise<Tab>;
  on(event: 'requestfinished', listener: (request: Request) => void): void;
  route(pattern: string, answer: (route: Route) => unknown): Promise<void>;
}

export interface Tab {
  goto(url: string, options?: object): Promise<unknown>;
  reload(): Promise<unknown>;
  /** @param code an expression, which may be a promise */
  evaluate(code: string): Promise<unknown>;
}

export interface Request {
  url(): string;
  /** Milliseconds; `startTime` since 1970, the others since that, or -1. */
  timing(): { readonly startTime: number; readonly responseEnd: number };
  sizes(): Promise<{ readonly responseBodySize: number }>;
}

export interface Route {
  request(): Request;
  fulfill(answer: {
    path?: string;
    body?: string;
    contentType: string;
    headers: Readonly<Record<string, string>>;
  }): Promise<void>;
  abort(): Promise<void>;
}

/** Where systems put it. */
const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Chromium, or Playwright for it, says one of these where the system gives it no sandbox. */
const NO_SANDBOX = /sandboxing failed|no usable sandbox|without --no-sandbox/i;

/**
 * Starts Chromium with the Playwright of the directory in which the command runs.
 *
 * @param sandbox Playwright's own default is none, so it is always said
 * @throws Error with the line that installs what is missing, or with what goes without a sandbox
 */
export async function launchChromium({ sandbox }: { readonly sandbox: boolean }): Promise<Browser> {
  const { chromium } = await importPlaywright();
  const executablePath = process.env.CHROMIUM ?? PLACES.find((path) => existsSync(path));
  const where = executablePath === undefined ? {} : { executablePath };
  try {
    return await chromium.launch({ chromiumSandbox: sandbox, ...where });
  } catch (cause) {
    const { message } = cause as Error;
    if (sandbox && NO_SANDBOX.test(message)) throw noSandbox(cause);
    const [first = ''] = message.split('\n');
    throw new Error(
      `Expected Chromium for --browser, got: ${first} Run \`npx playwright-core install chromium\`, or name one: ` +
        'CHROMIUM=/path/to/chrome.',
      { cause },
    );
  }
}

function noSandbox(cause: unknown): Error {
  const who = process.getuid?.() === 0 ? 'root' : 'this user';
  return new Error(
    `Chromium has no sandbox here for ${who}. Run the command as another user, or add --no-sandbox where you trust ` +
      `the page and all that it loads: a page that breaks out of the browser then has the rights of ${who}.`,
    { cause },
  );
}

async function importPlaywright(): Promise<Playwright> {
  const here = [pathToFileURL(join(process.cwd(), 'package.json')), import.meta.url];
  for (const from of here) {
    for (const name of ['playwright-core', 'playwright']) {
      try {
        const file = createRequire(from).resolve(name);
        const { default: module } = await import(pathToFileURL(file).href);
        return module as Playwright;
      } catch {
        // not installed there
      }
    }
  }
  throw new Error(
    'Expected Playwright for --browser, got none. Install it where you run the command: `npm install --no-save ' +
      'playwright-core`.',
  );
}

/** A value, or another one where it takes too long. */
export function within<Value, Other>(limitMs: number, promise: Promise<Value>, otherwise: Other) {
  const ended = new AbortController();
  const late = wait(limitMs, otherwise, { signal: ended.signal });
  return Promise.race([promise, late]).finally(() => {
    late.catch(() => {}); // ended below
    ended.abort();
  });
}
