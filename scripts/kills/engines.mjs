import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { chromium, firefox } from '@playwright/test';
import { firefoxLaunch, webkit } from '../browsers.mjs';
import { chromiumLaunch } from '../chromium.mjs';
import { startDisplay } from '../display.mjs';
import { listen } from '../listen.mjs';
import { contentProcesses, contentProcessOf, killProcess } from './content-process.mjs';

/**
 * @typedef {object} Engine
 * @property {() => Promise<Device>} newDevice
 * @property {() => Promise<void>} close
 *
 * @typedef {object} Device with a store of its own, which outlives its tabs
 * @property {(site: string, how: object) => Promise<Tab>} visit opens a page that does `visit(how)`
 * @property {() => Promise<void>} close
 *
 * @typedef {object} Tab
 * @property {Promise<any>} answer of `visit`; `{ code, message }` of an error; undefined of a page that is gone
 * @property {() => Promise<void>} kill ends the page's process
 * @property {() => Promise<void>} close
 */

/** Playwright ends Firefox when a page dies, unless this script starts it. */
const FIREFOX = fileURLToPath(new URL('firefox.sh', import.meta.url));

/** @type {Record<'chromium' | 'firefox' | 'webkit', () => Promise<Engine>>} */
export const engines = {
  chromium: async () => drivenByPlaywright(await chromium.launch(chromiumLaunch)),
  firefox: async () =>
    drivenByPlaywright(await firefox.launch({ ...firefoxLaunch, executablePath: FIREFOX })),
  webkit: startWebKit,
};

/** @param {import('@playwright/test').Browser} browser */
function drivenByPlaywright(browser) {
  return {
    async newDevice() {
      const context = await browser.newContext();
      return {
        async visit(site, how) {
          const page = await context.newPage();
          await page.goto(site);
          await page.waitForSelector('html[data-state=ready]', { state: 'attached' });
          const pid = await contentProcessOf(page);
          const answer = page.evaluate((how) => globalThis.answerTo(how), how);
          return {
            answer: answer.catch(() => undefined),
            kill: () => killProcess(pid),
            close: () => page.close(),
          };
        },
        close: () => context.close(),
      };
    },
    close: () => browser.close(),
  };
}

/** MiniBrowser without WebDriver, which ends its session with the first page that dies. A tab is a browser of its own. */
async function startWebKit() {
  const display = await startDisplay();
  return {
    async newDevice() {
      const dir = await mkdtemp(`${tmpdir()}/nearside-webkit-`);
      const env = {
        ...process.env,
        ...{ DISPLAY: display.name, XDG_DATA_HOME: `${dir}/data`, XDG_CACHE_HOME: `${dir}/cache` },
        WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
        WEBKIT_DISABLE_COMPOSITING_MODE: '1',
        LIBGL_ALWAYS_SOFTWARE: '1',
      };
      return {
        visit: (site, how) => visitInWebKit(site, how, env),
        close: () => rm(dir, { recursive: true, force: true, maxRetries: 5 }),
      };
    },
    close: display.close,
  };
}

async function visitInWebKit(site, how, env) {
  const { answer, url, close } = await awaitAnswer();
  const query = new URLSearchParams({ how: JSON.stringify(how), answer: url });
  const browser = spawn(webkit.browser, [`${site}?${query}`], { env, stdio: 'ignore' });
  const ended = once(browser, 'exit').then(() => undefined);
  return {
    answer: Promise.race([answer, ended]),
    async kill() {
      await Promise.all(contentProcesses(browser.pid).map(killProcess));
    },
    async close() {
      browser.kill();
      await ended;
      await close();
    },
  };
}

/** Where a page that nobody drives posts what it has to say. */
async function awaitAnswer() {
  let settle;
  const answer = new Promise((resolve) => {
    settle = resolve;
  });
  const server = createServer(async (request, response) => {
    const said = await json(request).catch(() => undefined);
    response.writeHead(204, { 'Access-Control-Allow-Origin': '*' }).end();
    settle(said);
  });
  return { answer, ...(await listen(server, 0)) };
}
