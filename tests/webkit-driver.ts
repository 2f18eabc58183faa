import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { webkit } from '../scripts/browsers.mjs';
import { startDisplay } from '../scripts/display.mjs';
import type { DrivenPage } from './core-path.js';

/** A page in WebKitGTK. */
export interface WebKitPage extends DrivenPage {
  /** The browser keeps another tab open. */
  closeTab(): Promise<void>;
  close(): Promise<void>;
}

/** Both start within a second or two, on a busy machine within twenty; what takes this long does not start, ms. */
const START_LIMIT_MS = 60_000;

/**
 * Starts WebKitGTK's MiniBrowser on a display of its own and drives it over WebDriver
 * (https://www.w3.org/TR/webdriver2), with nothing between: Playwright has no WebKitGTK of Debian's.
 */
export async function openWebKit(): Promise<WebKitPage> {
  const display = await startDisplay();
  const port = await freePort();
  const env = {
    ...process.env,
    DISPLAY: display.name,
    WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
    WEBKIT_DISABLE_COMPOSITING_MODE: '1',
    LIBGL_ALWAYS_SOFTWARE: '1',
  };
  const driver = spawn(webkit.driver, [`--port=${port}`], { env, stdio: 'ignore' });
  const end = async () => {
    await endProcess(driver);
    await display.close();
  };
  try {
    const base = `http://127.0.0.1:${port}`;
    await answering(`${base}/status`);
    const { sessionId } = await command(`${base}/session`, {
      capabilities: {
        alwaysMatch: {
          browserName: 'MiniBrowser',
          'webkitgtk:browserOptions': { binary: webkit.browser, args: ['--automation'] },
          timeouts: { script: 120_000 },
        },
      },
    });
    return drivePage(`${base}/session/${sessionId}`, end);
  } catch (error) {
    await end();
    throw error;
  }
}

function drivePage(session: string, end: () => Promise<void>): WebKitPage {
  return {
    goto: (url) => command(`${session}/url`, { url }),
    async evaluate(work, argument) {
      const script =
        `const [argument, done] = arguments; (async () => (${work})(argument))().then(` +
        '(value) => done({ value }), (error) => done({ error: [error.code, String(error)].join(" ") }));';
      const answer = await command(`${session}/execute/async`, {
        script,
        args: [argument ?? null],
      });
      if ('error' in answer) throw new Error(`In the page: ${answer.error}`);
      return answer.value;
    },
    async closeTab() {
      await command(`${session}/window/new`, { type: 'tab' });
      await command(`${session}/window`, undefined, 'DELETE');
    },
    async close() {
      await command(session, undefined, 'DELETE').catch(() => {}); // it may have crashed
      await end();
    },
  };
}

/** Section 6 of WebDriver: JSON in, `{ value }` out, a failure with `value.message`. */
// biome-ignore lint/suspicious/noExplicitAny: what a command answers with is its own
async function command(url: string, body?: object, method = 'POST'): Promise<any> {
  const response = await fetch(url, {
    method,
    headers: { 'Content-Type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`WebDriver, ${url}: ${value.error}: ${value.message}`);
  return value;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

async function answering(url: string): Promise<void> {
  const signal = AbortSignal.timeout(START_LIMIT_MS);
  for (;;) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return;
    signal.throwIfAborted();
    await new Promise(setImmediate);
  }
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  await ended;
}
