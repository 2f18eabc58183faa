import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from '@playwright/test';
import { chromiumLaunch } from '../../scripts/chromium.mjs';
import { contentProcesses, residentBytes } from '../../scripts/kills/content-process.mjs';
import { startRepository } from '../../scripts/stack.mjs';
import { median } from '../bootstrap.mjs';
import { row } from '../row.mjs';
import { publishRecogniser } from '../start/models.mjs';

const TABS = 10;

const TRIALS = 3;

/** A hidden model rests by then, and the threads of its worker have ended, ms. */
const SETTLED_MS = 6_000;

/**
 * Memory that a model takes in ten tabs, of which nine are hidden, ÷ what it takes in one.
 *
 * @param {{ dir: string, site: string, trials?: number }} options `dir` is an empty folder to work in
 */
export async function tenTabs({ dir, site, trials = TRIALS }) {
  const { generateKeys } = await import('../../packages/publisher/dist/index.js');
  await generateKeys({ out: `${dir}/keys` });
  const repository = `${dir}/repository`;
  const { pin: trust } = await publishRecogniser(dir, { repository });
  const server = await startRepository(repository, 0);
  const bench = { site, url: new URL('recogniser', server.url).href, trust };
  const ratios = [];
  for (let i = 0; i < Math.min(trials, TRIALS); i += 1) {
    const [one, ten] = [
      await addedBytes({ ...bench, tabs: 1 }),
      await addedBytes({ ...bench, tabs: TABS }),
    ];
    console.error(`The recogniser adds ${inMegabytes(one)} to one tab, ${inMegabytes(ten)} to ten`);
    ratios.push(ten / one);
  }
  await server.close();
  const interval = [Math.min(...ratios), Math.max(...ratios)];
  return row('ten-tabs-ratio', { value: median(ratios), unit: '', interval, atMost: 1.3 });
}

/** What open models add to all pages of a browser. The last tab alone is seen. */
async function addedBytes({ tabs, site, url, trust }) {
  const browser = await chromium.launch(chromiumLaunch);
  const context = await browser.newContext();
  const pages = [];
  for (let i = 0; i < tabs; i += 1) {
    const page = await context.newPage();
    await page.goto(`${site}costs.html`);
    await page.waitForSelector('html[data-state=ready]', { state: 'attached' });
    if (i < tabs - 1) await page.evaluate(hide);
    pages.push(page);
  }
  await sleep(SETTLED_MS);
  const before = bytesOfPages();
  for (const page of pages) await page.evaluate((how) => globalThis.hold(how), { url, trust });
  await sleep(SETTLED_MS);
  const added = bytesOfPages() - before;
  await browser.close();
  return added;
}

/** In the page. A headless browser shows every page. */
function hide() {
  Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
}

function bytesOfPages() {
  return contentProcesses().reduce((sum, pid) => sum + residentBytes(pid), 0);
}

function inMegabytes(bytes) {
  return `${Math.round(bytes / 1e6)} MB`;
}
