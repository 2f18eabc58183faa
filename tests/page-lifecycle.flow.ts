import { chromium, expect, type Page, test } from '@playwright/test';
import { chromiumLaunch } from '../scripts/chromium.mjs';
import { serveDigits } from './digits-repository.js';
import { gotoBarePage, serveBarePage } from './serve-bare-page.js';

let site: Awaited<ReturnType<typeof serveBarePage>>;
let digits: Awaited<ReturnType<typeof serveDigits>>;

test.beforeAll(async () => {
  site = await serveBarePage();
  digits = await serveDigits();
});

test.afterAll(async () => {
  await Promise.all([site.close(), digits.close()]);
});

async function openDigits(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const scope = globalThis as Scope;
    scope.workersStarted = [];
    scope.Worker = class extends Worker {
      constructor(...args: ConstructorParameters<typeof Worker>) {
        super(...args);
        scope.workersStarted.push(this);
      }
    };
  });
  await gotoBarePage(page, site.url);
  await page.evaluate(async ({ url, trust }) => {
    const scope = globalThis as Scope;
    const policy = { update: 'manual', watchdogMs: 2_000 };
    scope.model = await scope.nearside.open(url, { trust, backend: 'onnx-wasm', policy });
  }, digits.address);
}

function labelOfOne(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const { model, one } = globalThis as Scope;
    return (await model.run(one())).output[0].label;
  });
}

test('after the back/forward cache a model goes on; a worker that did not survive is replaced', async () => {
  const browser = await chromium.launch({
    ...chromiumLaunch,
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  });
  const page = await browser.newPage();
  await openDigits(page);
  await page.evaluate(() => {
    const scope = globalThis as Scope;
    scope.shown = [];
    addEventListener('pageshow', ({ persisted }) => scope.shown.push(persisted));
  });
  await page.goto(`${site.url}/nearside.config.json`);
  await page.goBack({ waitUntil: 'commit' });
  await expect.poll(() => page.evaluate(() => (globalThis as Scope).shown)).toEqual([true]);
  expect(await labelOfOne(page)).toBe('1');
  expect(await page.evaluate(() => (globalThis as Scope).workersStarted.length)).toBe(1);

  // Ended without a word, as a browser may do to a page it keeps aside.
  await page.evaluate(() => (globalThis as Scope).workersStarted[0].terminate());
  await page.goto(`${site.url}/nearside.config.json`);
  await page.goBack({ waitUntil: 'commit' });
  await expect.poll(() => page.evaluate(() => (globalThis as Scope).shown)).toEqual([true, true]);
  expect(await labelOfOne(page)).toBe('1');
  expect(await page.evaluate(() => (globalThis as Scope).workersStarted.length)).toBe(2);
  await browser.close();
});

test('a time limit and the watchdog do not count the time for which the page was frozen', async ({
  page,
}) => {
  await openDigits(page);
  const session = await page.context().newCDPSession(page);
  const running = page.evaluate(async () => {
    const { model, one } = globalThis as Scope;
    // The picture arrives while the page is frozen.
    const late = new Promise((resolve) => setTimeout(() => resolve(one()), 500));
    const call = async () => model.run(await late, { timeoutMs: 2_500 });
    return call().then(
      ({ output }) => output[0].label,
      (error) => error.code,
    );
  });
  await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  await session.send('Page.setWebLifecycleState', { state: 'active' });
  expect(await running).toBe('1');
});

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
