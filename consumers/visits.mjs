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
export async function visit(browser, url) {
  const context = await browser.newContext();
  const page = await context.newPage();
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
  } finally {
    await context.close();
  }
}
