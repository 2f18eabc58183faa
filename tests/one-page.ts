import { test as base, type Page } from '@playwright/test';

/**
 * Playwright's `test`, but all tests of a worker have one page: for those that ask an open model and change nothing
 * of it. Starting a runtime takes longer than most questions. After a test that fails the next one has a new page, and
 * what `beforeAll` did with `onePage` is done again.
 */
export const test = base.extend<{ page: Page }, { onePage: Page }>({
  onePage: [
    async ({ browser }, use) => {
      const page = await browser.newPage();
      await use(page);
      await page.close();
    },
    { scope: 'worker' },
  ],
  page: async ({ onePage }, use) => {
    await use(onePage);
  },
});
