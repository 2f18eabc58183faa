import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from '@playwright/test';
import { chromiumLaunch } from '../../scripts/chromium.mjs';
import { contentProcessOf, killProcess } from '../../scripts/kills/content-process.mjs';
import { turns } from '../turns.mjs';

/** A visit does all that it does in this time, ms: it opens, runs, warms up and looks for a faster backend. */
const VISIT_MS = 3_000;

/** A page that came back works on for this long before another looks, ms. */
const BACK_MS = 500;

/** What becomes of a page at work, which is no death. Each gets the page and the address of another site. */
const ENDS = {
  closed: (page) => page.close(),
  reloaded: (page) => page.reload(),
  left: (page, elsewhere) => page.goto(elsewhere),
  async 'back from the cache'(page, elsewhere) {
    await page.goto(elsewhere);
    await page.goBack({ waitUntil: 'commit' });
    await sleep(BACK_MS);
  },
  async 'hidden, then killed'(page) {
    const pid = await contentProcessOf(page);
    await page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    });
    await killProcess(pid);
  },
  async 'another tab at work'() {},
};

/**
 * Ends pages at drawn moments of their work as people and browsers do, and asks the next page what it makes of that.
 *
 * @param {object} options
 * @param {string} options.site the page's address
 * @param {string} options.elsewhere address of another site
 * @param {Awaited<ReturnType<typeof import('./digits.mjs').publishDigits>>} options.digits
 * @param {number} options.ends how many of each
 * @returns {Promise<{ end: string, deaths: object[] }[]>}
 */
export async function endInnocently({ site, elsewhere, digits, ends }) {
  const browser = await chromium.launch({
    ...chromiumLaunch,
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  });
  await digits.offer(1);
  const endEach = async (kinds) => {
    const context = await browser.newContext();
    await context.route(site, mayBeKeptAside);
    const bench = { context, site, elsewhere, address: digits.address };
    await judge(bench); // which installs the model
    const seen = [];
    for (const _ of turns(`pages that were ${kinds[0]} and so on`, ends))
      for (const end of kinds) seen.push({ end, deaths: await endOnce(end, bench) });
    return seen;
  };
  const kinds = Object.keys(ENDS);
  const half = kinds.length / 2;
  const seen = await Promise.all([endEach(kinds.slice(0, half)), endEach(kinds.slice(half))]);
  await browser.close();
  return seen.flat();
}

/** @returns the deaths that the next page finds */
async function endOnce(end, bench) {
  const page = await workingPage(bench);
  await sleep(Math.random() * VISIT_MS);
  await ENDS[end](page, bench.elsewhere);
  const deaths = await judge(bench);
  await page.close();
  return deaths;
}

/** A document that must not be stored is not kept aside either. */
async function mayBeKeptAside(route) {
  const response = await route.fetch();
  const headers = { ...response.headers(), 'cache-control': 'no-cache' };
  await route.fulfill({ response, headers });
}

/** A page that does all that a visit may do, and goes on with runs. */
async function workingPage({ context, site, address }) {
  const page = await openPage(context, site);
  const how = { ...address, works: ['run'], runMs: 60_000 };
  page.evaluate((how) => globalThis.answerTo(how), how).catch(() => {}); // it ends with the page
  return page;
}

/** @returns the deaths that another page finds, which are forgotten then */
async function judge({ context, site, address }) {
  const page = await openPage(context, site);
  const how = { ...address, options: { tune: 'off' }, works: [], forget: true };
  const answer = await page.evaluate((how) => globalThis.answerTo(how), how);
  await page.close();
  if (answer.deaths) return answer.deaths;
  throw new Error(`Expected a visit to succeed, got ${JSON.stringify(answer)}`);
}

async function openPage(context, site) {
  const page = await context.newPage();
  await page.goto(site);
  await page.waitForSelector('html[data-state=ready]', { state: 'attached' });
  return page;
}
