import { type Page, test } from '@playwright/test';
import { serveSite } from '../scripts/serve-site.mjs';
import { madeOnce } from './made-once.js';

/**
 * Serves a page that was built before the tests. Of `tests/page`, `nearside` and `one()` are on its global scope.
 *
 * @param folder of the page, in `tests`
 * @param options.isolated whether with the headers that threads need; by default as the Playwright project says
 */
export async function serveBarePage(folder = 'page', { isolated }: { isolated?: boolean } = {}) {
  const { isIsolated } = test.info().project.metadata;
  return serveSite({
    dir: madeOnce(folder),
    config: {},
    port: 0,
    isolated: isolated ?? isIsolated ?? true,
  });
}

export async function gotoBarePage(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.waitForSelector('html[data-ready=yes]', { state: 'attached' });
}
