import { expect, test } from '@playwright/test';
import { followCorePath, givePicturesAway } from './core-path.js';
import { serveDigits } from './digits-repository.js';
import { expectPrinted, serveReadmePage } from './readme-page.js';
import { expectRight, serveReadyModels } from './ready-models.js';
import { serveBarePage } from './serve-bare-page.js';
import { openWebKit, type WebKitPage } from './webkit-driver.js';

let site: Awaited<ReturnType<typeof serveBarePage>>;
let page: WebKitPage;

test.beforeAll(async () => {
  site = await serveBarePage();
  page = await openWebKit();
});

test.afterAll(async () => {
  await page?.close();
  await site.close();
});

for (const backend of ['onnx-wasm', 'tfjs-wasm']) {
  test(`on ${backend} a model opens, runs, opens offline and heals`, async () => {
    const digits = await serveDigits();
    const { threads } = await followCorePath(page, { siteUrl: site.url, digits, backend });
    expect(threads, 'isolated, and yet without SharedArrayBuffer').toBe(1);
    await digits.close();
  });
}

test('pictures that are given away are empty from the call on, and are run', async () => {
  const digits = await serveDigits();
  await givePicturesAway(page, { siteUrl: site.url, digits });
  await digits.close();
});

test('the README’s first file, pasted into a page, prints what stands under it', async () => {
  const readme = await serveReadmePage();
  await expectPrinted(page, readme);
  await readme.close();
});

test('every ready model opens from a server of npm packages, and its first answer is right @long', async () => {
  const ready = await serveReadyModels();
  await page.goto(site.url);
  await expectRight(page, ready);
  await ready.close();
});
