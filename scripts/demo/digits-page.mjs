/** How long one step in the page may take, ms. */
const PATIENCE = { timeout: 30_000 };

/**
 * The example page, as a visitor uses it.
 *
 * @param {import('@playwright/test').Page} page
 */
export function digitsPage(page) {
  return {
    /** Waits until the model is ready or has failed. */
    async modelState() {
      const settled = await page.waitForSelector('html:not([data-model=opening])', PATIENCE);
      return settled.getAttribute('data-model');
    },

    /** Waits until the page says that it would open without a network. */
    async offlineCopy() {
      await page.waitForSelector('html[data-offline=ready]', PATIENCE);
    },

    /** The code shown when the model could not be opened. */
    async errorCode() {
      await this.modelState();
      return page.locator('#open-problem [data-code]').textContent();
    },

    /** Draws one stroke, a one, with the mouse. Returns the label that appears. */
    async drawOne() {
      const board = await page.locator('#board').boundingBox();
      const x = board.x + board.width / 2;
      await page.mouse.move(x, board.y + board.height * 0.2);
      await page.mouse.down();
      await page.mouse.move(x, board.y + board.height * 0.8, { steps: 12 });
      await page.mouse.up();
      await page.waitForSelector('#result[data-label]', PATIENCE);
      return page.locator('#result').getAttribute('data-label');
    },
  };
}

/**
 * Visits the page that reads all held-out digits, and returns what it found.
 *
 * @param {import('@playwright/test').BrowserContext} context
 * @returns {Promise<{ backend: string, n: number, accuracy: number, labels: string[],
 *   openMs: number, origin: 'network' | 'store', sealedReports: number }>}
 */
export async function readHeldOutDigits(context, siteUrl, backend) {
  const page = await context.newPage();
  await page.goto(`${siteUrl}held-out.html?backend=${backend}`);
  const done = await page.waitForSelector('html:not([data-state=running])[data-state]', PATIENCE);
  if ((await done.getAttribute('data-state')) !== 'done') {
    throw new Error(`held-out.html failed: ${await page.locator('main').textContent()}`);
  }
  const outcome = JSON.parse(await page.locator('#outcome').textContent());
  await page.close();
  return outcome;
}
