import { sum } from '@nearside/core';
import { contentProcessOf } from '../../scripts/kills/content-process.mjs';
import { row } from '../row.mjs';
import { sized } from '../sized.js';
import { turns } from '../turns.mjs';

/** Updates, each with a way back. */
const MOST_TRIALS = sized(5);
/** Runs of each version that are waited for. */
const RUNS = sized(200, 20);
const LIMIT_MS = 60_000;
/** Its process is stopped so long, as by a device that is closed. */
const SLEEP_MS = 3_000;
const SLEEPS = sized(3);

/**
 * Runs of a page under continuous load, over updates and ways back; and of one that slept while its version was revoked.
 *
 * @param {{ browser: import('@playwright/test').Browser, site: string, releases: import('./releases.mjs').Releases, trials?: number }} bench
 */
export async function* swaps({ browser, site, releases, trials: wanted = MOST_TRIALS }) {
  const trials = Math.min(wanted, MOST_TRIALS);
  const page = await openPage(browser, site, releases.address);
  for (const _ of turns('updates and ways back', trials)) {
    const { version } = await releases.offerNext();
    await swapTo(page, version);
    await releases.takeBack(version);
    await swapTo(page, releases.first);
  }
  const { runs, failed } = await page.evaluate(() => globalThis.seen());
  for (const [code, n] of Object.entries(failed)) console.error(`${n} runs ended with ${code}`);
  const all = sum(Object.values(runs)) + sum(Object.values(failed));
  yield row('swap-failed-runs', {
    value: sum(Object.values(failed)),
    unit: `of ${all} runs over ${trials} updates and ways back`,
    atMost: 0,
  });

  const slept = [];
  for (let i = 0; i < SLEEPS; i += 1) {
    const { version } = await releases.offerNext();
    await swapTo(page, version);
    slept.push(await sleepWhileRevoked(page, version, releases));
  }
  yield row('slept-page-runs', {
    value: sum(slept.map(({ revoked }) => revoked)),
    unit:
      `of ${sum(slept.map(({ all }) => all))} runs begun after the first look of a page that woke, by a version revoked ` +
      `while it slept; ${SLEEPS} sleeps; runs under way when it was stopped are left out`,
    atMost: 0,
  });
  await page.context().close();
}

/** @returns {Promise<{ all: number, revoked: number }>} runs that began after the page had woken and looked, and those of them by the version */
async function sleepWhileRevoked(page, version, releases) {
  const pid = await contentProcessOf(page);
  await page.evaluate(() => globalThis.forgetSleep());
  process.kill(pid, 'SIGSTOP');
  await releases.takeBack(version);
  await new Promise((resolve) => setTimeout(resolve, SLEEP_MS));
  process.kill(pid, 'SIGCONT');
  await page.waitForFunction(
    (least) => Object.values(globalThis.seen().runsAwake ?? {}).some((n) => n >= least),
    RUNS,
  );
  const { runsAwake } = await page.evaluate(() => globalThis.seen());
  return { all: sum(Object.values(runsAwake)), revoked: runsAwake[version] ?? 0 };
}

async function openPage(browser, site, address) {
  const context = await browser.newContext();
  context.setDefaultTimeout(LIMIT_MS);
  const page = await context.newPage();
  await page.goto(site);
  await page.waitForSelector('html[data-state=ready]', { state: 'attached' });
  await page.evaluate((address) => globalThis.begin(address), address);
  return page;
}

async function swapTo(page, version) {
  const found = await page.evaluate(() => globalThis.update());
  if (found !== version) throw new Error(`Expected the page to update to ${version}, got ${found}`);
  await page.waitForFunction(
    ({ version, least }) => {
      const runs = globalThis.seen().runs[version] ?? 0;
      globalThis.since ??= { version, runs };
      if (globalThis.since.version !== version) globalThis.since = { version, runs };
      return runs - globalThis.since.runs >= least;
    },
    { version, least: RUNS },
  );
}
