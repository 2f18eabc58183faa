import { test as base, type Page } from '@playwright/test';

interface OwnPage {
  /** Whether a test has a page of its own: a script, a clock or a setting that it gives its page outlasts it. */
  readonly ownPage: boolean;
}

/**
 * Playwright's `test`, but all tests of a worker have one page, and each finds it as if nobody had been there: without
 * listeners, routes, stored data or anything in the HTTP cache. A new window takes as long as half of a small test.
 * After a test that fails the next one has a new page. For Chromium.
 */
export const test = base.extend<OwnPage, { sharedPage: Page }>({
  ownPage: [false, { option: true }],
  sharedPage: [
    async ({ browser }, use) => {
      const page = await browser.newPage();
      await use(page);
      await page.close();
    },
    { scope: 'worker' },
  ],
  page: async ({ browser, ownPage, sharedPage }, use) => {
    if (ownPage) {
      const page = await browser.newPage();
      await use(page);
      await page.context().close();
    } else {
      await use(sharedPage);
      await clear(sharedPage);
    }
  },
});

async function clear(page: Page): Promise<void> {
  for (const listened of [page, page.context()]) {
    listened.removeAllListeners('request');
    await listened.unrouteAll({ behavior: 'ignoreErrors' });
  }
  page.removeAllListeners('pageerror');
  const { origin } = new URL(page.url());
  // A page that is not there, of the same site: what was there ends, and the process stays.
  await page.goto(`${origin}/cleared`);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' });
  await devtools.send('Network.clearBrowserCache');
  await devtools.detach();
}
