import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, type Page, test } from '@playwright/test';
import { buildBenchPage } from '../bench/page/build.mjs';
import { serveSite } from '../scripts/serve-site.mjs';

/** All that is measured of two rows takes some 15 s, and more where other tests run beside it. */
const SOON = { timeout: 80_000 };

let dir: string;
let site: Awaited<ReturnType<typeof serveSite>>;

test.beforeAll(async () => {
  test.setTimeout(120_000);
  dir = await mkdtemp(`${tmpdir()}/nearside-bench-page-`);
  await buildBenchPage(`${dir}/page`);
  site = await serveSite({ dir: `${dir}/page`, config: {}, port: 0 });
});

test.afterAll(async () => {
  await site.close();
  await rm(dir, { recursive: true });
});

const rowOf = (page: Page, id: string) => page.locator(`[data-row=${id}]`);

/** A number with its unit, as a cell shows it. */
const TIME = /^[\d.,]+ m?s/;

test('a run on digits shows latencies with their correctness beside a peer, and its link shows them elsewhere', async ({
  page,
  browser,
}) => {
  test.setTimeout(180_000);
  await page.goto(`${site.url}?rows=nearside-onnx-wasm,ort-worker`);
  for (const id of ['nearside-onnx-wasm', 'ort-worker']) {
    const row = rowOf(page, id);
    await expect(row).toHaveAttribute('data-state', 'done', SOON);
    await expect(row.locator('[data-name=Median]')).toHaveText(TIME);
    await expect(row.getByTestId('numbers')).toContainText('right, 3 golden cases');
  }
  await expect(page.getByTestId('headline')).toHaveText(TIME);
  await expect(page.getByTestId('values')).toContainText('"batch"');

  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByTestId('copy-link').click();
  await expect(page.getByTestId('share-said')).toHaveText('Link copied.');
  const link = await page.evaluate(() => navigator.clipboard.readText());
  const other = await (await browser.newContext()).newPage();
  await other.goto(link);
  await expect(other.getByTestId('notice')).toContainText('A result of');
  const median = await rowOf(page, 'ort-worker').locator('[data-name=Median]').textContent();
  await expect(rowOf(other, 'ort-worker').locator('[data-name=Median]')).toHaveText(median ?? '');
  await other.context().close();
});

test('a run that is cancelled in the middle leaves its numbers, and a page that runs again', async ({
  page,
}) => {
  await page.goto(`${site.url}?rows=nearside-onnx-wasm,nearside-tfjs-wasm,ort-main`);
  await expect(page.getByTestId('headline')).toHaveText(TIME);
  await page.getByTestId('cancel').click();
  await expect(page.getByTestId('notice')).toContainText('Cancelled');
  await expect(rowOf(page, 'nearside-onnx-wasm').locator('[data-name=Median]')).toHaveText(TIME);
  await expect(rowOf(page, 'ort-main')).toHaveAttribute('data-state', 'cancelled');
  await page.getByTestId('run').click();
  await expect(page.getByTestId('notice')).toBeHidden();
  await expect(page.getByTestId('headline')).toHaveText(TIME);
});

test('a file that is no ONNX model is refused with its code, in the notice and in its row', async ({
  page,
}) => {
  const file = `${dir}/notes.onnx`;
  await writeFile(file, 'not a model at all');
  await page.goto(`${site.url}?rows=nearside-onnx-wasm`);
  await page.getByTestId('file').setInputFiles(file);
  await expect(page.getByTestId('notice')).toContainText('model-invalid');
  await page.getByTestId('run').click();
  await expect(rowOf(page, 'nearside-onnx-wasm')).toContainText('model-invalid');
});

test('a link that was cut off, and one of something else, say so', async ({ page }) => {
  await page.goto(`${site.url}#result=q1YqUbJSKi1OLVK`);
  await expect(page.getByTestId('notice')).toContainText('link-broken');
  await expect(page.getByTestId('run')).toBeVisible();
});
