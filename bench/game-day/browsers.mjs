import { hearMarks } from '../../scripts/kills/hear-marks.mjs';
import { tellMarks } from '../../scripts/kills/tell-marks.mjs';
import { BEFORE, SHIPPED } from './versions.mjs';

const COUNT = 5;
/** A browser that died is opened again by its user so much later, ms. */
const REOPENED_MS = 1_000;
const LOOK_MS = 50;
const CLOSING_MS = 5_000;

/**
 * Five profiles of one browser, each with a page that runs the model and a store of its own.
 *
 * @param {import('@playwright/test').Browser} browser
 * @param {{ site: string, how: object, kills?: readonly string[] }} options `how` is what the page's `start` takes. `kills`: a
 *   page is ended while it does such work for the shipped version, as the system ends one that takes too much
 */
export async function openBrowsers(browser, options) {
  const browsers = await Promise.all(
    Array.from({ length: COUNT }, () => openBrowser(browser, options)),
  );
  /**
   * Waits until something is so of all.
   *
   * @param {(seen: object, place: number) => unknown} isSo
   */
  async function until(isSo, limitMs) {
    const startMs = performance.now();
    while (!browsers.every(({ seen }, place) => isSo(seen, place))) {
      if (performance.now() - startMs > limitMs) {
        const all = browsers.map(({ seen }) => JSON.stringify(seen)).join('\n');
        throw new Error(`Expected it of five pages within ${limitMs} ms, got ${all}`);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  return {
    installs: browsers.map(({ installId }) => installId),
    /** What each has seen so far. */
    seen: browsers.map(({ seen }) => seen),
    until,
    /**
     * Waits until a version answers in all of them.
     *
     * @returns {Promise<number>} since when it does in the last one, on the clock of `performance.now`
     */
    async untilAllRun(version, limitMs) {
      const startMs = performance.now();
      const isRunning = ({ last }) => last?.version === version && last.atMs >= startMs;
      await until(isRunning, limitMs);
      return Math.max(...browsers.map(({ seen }) => seen.since.atMs));
    },
    async close() {
      await Promise.all(browsers.map((one) => one.close()));
    },
  };
}

async function openBrowser(browser, { site, how, kills = [] }) {
  const context = await browser.newContext();
  const marks = await hearMarks();
  await context.addInitScript(tellMarks, marks.url);
  const seen = {
    byVersion: {},
    failed: {},
    deaths: 0,
    longestGapMs: 0,
    since: undefined,
    last: undefined,
  };
  await context.exposeBinding('tell', (_source, what) => note(seen, what));
  let page;
  let devtools;
  let isClosing = false;

  async function visit() {
    page = await context.newPage();
    devtools = await context.newCDPSession(page);
    page.once('crash', async () => {
      seen.deaths += 1;
      await new Promise((resolve) => setTimeout(resolve, REOPENED_MS));
      await page.close().catch(() => {});
      if (!isClosing) await visit().catch(() => {});
    });
    await page.goto(site);
    await page.waitForSelector('html[data-state=ready]', { state: 'attached' });
    return page.evaluate((how) => globalThis.start(how), how);
  }

  // the page goes on meanwhile: one that waits cannot be ended so
  marks.hear(({ step, version, phase }) => {
    if (step !== 'stored' || version !== SHIPPED || !kills.includes(phase)) return;
    devtools.send('Page.crash').catch(() => {});
  });
  await visit();
  return {
    seen,
    installId: await page.evaluate(() => globalThis.installId()),
    async close() {
      isClosing = true;
      marks.hear(undefined);
      // its last report is sealed and sent; a page that is dying has none
      const closed = page.evaluate(() => globalThis.model?.close()).catch(() => {});
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, CLOSING_MS))]);
      await context.close();
      await marks.close();
    },
  };
}

/** Writes down how a run ended. */
function note(seen, { version, said, code }) {
  const atMs = performance.now();
  if (code) {
    seen.failed[code] = (seen.failed[code] ?? 0) + 1;
    return;
  }
  seen.longestGapMs = Math.max(seen.longestGapMs, atMs - (seen.last?.atMs ?? atMs));
  seen.byVersion[version] ??= { runs: 0, wrong: 0 };
  const own = seen.byVersion[version];
  own.runs += 1;
  if (said !== '1') own.wrong += 1;
  if (seen.last?.version !== version) seen.since = { version, atMs };
  seen.last = { version, atMs };
}

/** The version before answered every run, and each answer was right. */
export function servedThroughout({ byVersion, failed }) {
  const hasNoOther = Object.keys(byVersion).join() === BEFORE && byVersion[BEFORE].wrong === 0;
  return hasNoOther && Object.keys(failed).length === 0;
}
