import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { followCorePath } from './core-path.js';
import { serveDigits } from './digits-repository.js';
import { serveBarePage } from './serve-bare-page.js';
import { openWebKit, type WebKitPage } from './webkit-driver.js';

let site: Awaited<ReturnType<typeof serveBarePage>>;
let dir: string;
let page: WebKitPage;

test.beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'nearside-page-'));
  site = await serveBarePage(join(dir, 'page'));
  page = await openWebKit();
});

test.afterAll(async () => {
  await page?.close();
  await site.close();
  await rm(dir, { recursive: true });
});

for (const backend of ['onnx-wasm', 'tfjs-wasm']) {
  test(`on ${backend} a model opens, runs, opens offline and heals`, async () => {
    const digits = await serveDigits();
    const { threads } = await followCorePath(page, { siteUrl: site.url, digits, backend });
    expect(threads, 'isolated, and yet without SharedArrayBuffer').toBe(1);
    await digits.close();
  });
}
