import { chromium, expect, type Page, test } from '@playwright/test';
import { chromiumLaunch } from '../scripts/chromium.mjs';
import { makePatient } from './change-digits.js';
import { serveDigits } from './digits-repository.js';
import { keepWorkers } from './keep-workers.js';
import { gotoBarePage } from './serve-bare-page.js';
import { serveForTests } from './serve-for-tests.js';

const served = serveForTests();

async function openDigits(page: Page, policy: object = {}): Promise<void> {
  await page.addInitScript(keepWorkers);
  await gotoBarePage(page, served.site.url);
  await page.evaluate(
    async ({ url, trust, policy }) => {
      const scope = globalThis as Scope;
      scope.model = await scope.nearside.open(url, { trust, backend: 'onnx-wasm', policy });
    },
    { ...served.digits.address, policy: { update: 'manual', ...policy } },
  );
}

function labelOfOne(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const { model, one } = globalThis as Scope;
    return (await model.run(one())).output[0].label;
  });
}

/** As when another tab covers it, or no longer does: headless browsers show every page. */
function turn(page: Page, visibilityState: 'hidden' | 'visible'): Promise<void> {
  return page.evaluate((value) => {
    Object.defineProperty(document, 'visibilityState', { value, configurable: true });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  }, visibilityState);
}

test('a hidden page gives the worker of an idle model up, and has it again when it is shown, before anybody calls', async ({
  page,
}) => {
  await openDigits(page, { restHiddenMs: 100 });
  expect(await labelOfOne(page)).toBe('1');
  expect(page.workers()).not.toHaveLength(0);
  await turn(page, 'hidden');
  await expect.poll(() => page.workers().length).toBe(0);
  expect(await page.evaluate(() => (globalThis as Scope).model.stats().workers)).toBe(0);
  await turn(page, 'visible');
  await expect.poll(() => page.evaluate(() => (globalThis as Scope).model.stats().workers)).toBe(1);
  expect(await labelOfOne(page)).toBe('1');
  expect(await page.evaluate(() => (globalThis as Scope).workersStarted.length)).toBe(2);
  expect(await page.evaluate(() => (globalThis as Scope).model.stats().errors)).toEqual({});
});

/** A browser may drop a page that it keeps aside, on a busy machine before a second is over: then there is nothing to see. */
const DROPPED = { retries: 2 };

test.describe('a page that the browser keeps aside', () => {
  test.describe.configure(DROPPED);

  test('after the back/forward cache a model goes on; a worker that did not survive is replaced', async () => {
    const browser = await chromium.launch({
      ...chromiumLaunch,
      ignoreDefaultArgs: ['--disable-back-forward-cache'],
    });
    const page = await browser.newPage();
    // At the test's own limit nothing would say which step hung: this browser is not Playwright's to close.
    page.setDefaultNavigationTimeout(20_000);
    // A document that must not be stored is not kept aside either.
    await page.route(served.site.url, async (route) => {
      const response = await route.fetch();
      const headers = { ...response.headers(), 'cache-control': 'no-cache' };
      await route.fulfill({ response, headers });
    });
    await openDigits(page);
    await page.evaluate(() => {
      const scope = globalThis as Scope;
      scope.shown = [];
      addEventListener('pageshow', ({ persisted }) => scope.shown.push(persisted));
    });
    await page.goto(`${served.site.url}/nearside.config.json`);
    await page.goBack({ waitUntil: 'commit' });
    await expect.poll(() => restoresOf(page)).toEqual([true]);
    expect(await labelOfOne(page)).toBe('1');
    expect(await page.evaluate(() => (globalThis as Scope).workersStarted.length)).toBe(1);

    // What asks after the worker is in the second part, which a busy machine may not have loaded by now.
    await page.evaluate(() => (globalThis as Scope).model.update());
    // Ended without a word, as a browser may do to a page it keeps aside.
    await page.evaluate(() => (globalThis as Scope).workersStarted[0].terminate());
    await page.goto(`${served.site.url}/nearside.config.json`);
    await page.goBack({ waitUntil: 'commit' });
    await expect.poll(() => restoresOf(page)).toEqual([true, true]);
    expect(await labelOfOne(page)).toBe('1');
    expect(await page.evaluate(() => (globalThis as Scope).workersStarted.length)).toBe(2);
    await browser.close();
  });
});

test('a time limit and the watchdog do not count the time for which the page was frozen', async ({
  page,
}) => {
  const patient = await serveDigits();
  await patient.release({
    version: '1.1.0',
    sequence: 2,
    change: makePatient,
  });
  await page.clock.install();
  await gotoBarePage(page, served.site.url);
  await page.evaluate(async ({ url, trust }) => {
    const scope = globalThis as Scope;
    const policy = { update: 'manual', watchdogMs: 60_000 };
    const model = await scope.nearside.open(url, { trust, backend: 'onnx-wasm', policy });
    /** Its largest pixel sets how long the model runs. */
    const run = (largest: number, options: object) => {
      const data = new Float32Array(784).fill(0.5);
      data[783] = largest;
      const pixel_values = { datatype: 'FP32', shape: [1, 1, 28, 28], data };
      return model.run({ tensors: { pixel_values } }, options);
    };
    let largest = 1000;
    while ((await run(largest, {})).meta.runMs < 1_000) largest *= 2;
    scope.running = run(largest, { timeoutMs: 60_000 }).then(
      () => 'fine',
      (error: { code: string }) => error.code,
    );
  }, patient.address);
  // As after a freeze: every timer that has become due fires, and each only once.
  await page.clock.fastForward(70_000);
  expect(await page.evaluate(() => (globalThis as Scope).running)).toBe('fine');
  await patient.close();
});

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;

/** @returns whether each time it was shown it came back as it was; why not, of a page that was loaded anew */
const restoresOf = (page: Page) =>
  page.evaluate(() => {
    const [navigation] = performance.getEntriesByType('navigation') as Scope[];
    return (globalThis as Scope).shown ?? JSON.stringify(navigation.notRestoredReasons);
  });
