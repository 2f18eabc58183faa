import { chromium } from 'playwright';
import { chromiumLaunch } from '../scripts/chromium.mjs';

/** What a page may take: a development server prepares what it has not yet, and a runtime may be 14 MB. */
const RESULT_MS = 60_000;

/** @returns {Promise<import('playwright').Browser>} */
export function startBrowser() {
  return chromium.launch(chromiumLaunch);
}

/**
 * A first visit: nothing is stored, nothing cached.
 *
 * @param {import('playwright').Browser} browser
 * @param {string} url with everything that the page needs in its query
 * @returns {Promise<{ result: string, atMs: number }>} what the page shows, and when it had it: 0 for an
 * error
 * @throws Error with the errors of the page, where it shows nothing
 */
export function visit(browser, url) {
  return inNewContext(browser, (page) => readResult(page, url));
}

/**
 * A first visit, and the next one when the service worker has all files and nothing answers any more.
 *
 * @param {import('playwright').Browser} browser
 * @param {string} url with everything that the page needs in its query
 * @param {() => Promise<void>} endServers
 * @returns {Promise<string>} what the page shows at the second visit
 */
export function visitOffline(browser, url, endServers) {
  return inNewContext(browser, async (page) => {
    await readResult(page, url);
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.context().setOffline(true);
    await endServers();
    return (await readResult(page, url)).result;
  });
}

async function inNewContext(browser, act) {
  const context = await browser.newContext();
  try {
    return await act(await context.newPage());
  } finally {
    await context.close();
  }
}

async function readResult(page, url) {
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  try {
    await page.goto(url, { timeout: RESULT_MS });
    const shown = page.locator('#result:not(:empty)');
    await shown.waitFor({ timeout: RESULT_MS, state: 'attached' });
    return { result: await shown.textContent(), atMs: Number(await shown.getAttribute('data-at')) };
  } catch (cause) {
    const [expected] = cause.message.split('\n');
    throw new Error(`${expected} The page said: ${errors.join('; ') || 'nothing'}`, { cause });
  }
}
