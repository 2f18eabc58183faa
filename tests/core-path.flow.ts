import { expect, type Page, test } from '@playwright/test';
import { followCorePath, givePicturesAway } from './core-path.js';
import { serveDigits } from './digits-repository.js';
import { gotoBarePage, serveBarePage } from './serve-bare-page.js';

let site: Awaited<ReturnType<typeof serveBarePage>>;
let digits: Awaited<ReturnType<typeof serveDigits>>;

test.beforeAll(async () => {
  site = await serveBarePage();
});

test.afterAll(async () => {
  await site.close();
});

test.beforeEach(async () => {
  digits = await serveDigits();
});

test.afterEach(async ({ page }) => {
  await page.close();
  await digits.close();
});

for (const backend of ['onnx-wasm', 'tfjs-wasm', 'onnx-webgpu', 'tfjs-webgpu']) {
  const tag = backend.endsWith('webgpu') ? '@gpu' : backend === 'onnx-wasm' ? '@every-lane' : [];
  test(`on ${backend} a model opens, runs, opens offline and heals`, { tag }, async ({ page }) => {
    await gotoBarePage(page, site.url);
    await followCorePath(page, { siteUrl: site.url, digits, backend });
  });
}

test('pictures that are given away are empty from the call on, and are run', async ({ page }) => {
  await givePicturesAway(page, { siteUrl: site.url, digits });
});

test('in an isolated page onnx-wasm shares a run between CPU threads, elsewhere it has one', {
  tag: '@threads',
}, async ({ page }) => {
  const isolated = await serveBarePage('page', { isolated: true });
  const plain = await serveBarePage('page', { isolated: false });
  await gotoBarePage(page, isolated.url);
  const cores = await page.evaluate(() => navigator.hardwareConcurrency);
  expect(await threadsOfOneRun(page)).toBe(Math.min(4, cores));
  await gotoBarePage(page, plain.url);
  expect(await threadsOfOneRun(page)).toBe(1);
  await Promise.all([isolated.close(), plain.close()]);
});

function threadsOfOneRun(page: Page): Promise<number> {
  return page.evaluate(async ({ url, trust }) => {
    const scope = globalThis as Scope;
    const model = await scope.nearside.open(url, { trust, backend: 'onnx-wasm' });
    const { meta } = await model.run(scope.one());
    await model.close();
    return meta.threads;
  }, digits.address);
}

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
