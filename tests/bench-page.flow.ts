import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect, type Page, test } from '@playwright/test';
import { buildBenchPage } from '../bench/page/build.mjs';
import { serveSite } from '../scripts/serve-site.mjs';
import { expectAccessible } from './expect-accessible.js';

/** Node tests of ONNX's kind, a dozen small ones: one is wrong, one never ends. */
const nodeTests = {
  folder: fileURLToPath(new URL('../bench/atlas/fixtures/node', import.meta.url)),
  source: 'fixtures 1',
};

let dir: string;
let site: Awaited<ReturnType<typeof serveSite>>;

test.beforeAll(async () => {
  dir = await mkdtemp(`${tmpdir()}/nearside-bench-page-`);
  await buildBenchPage(`${dir}/page`, { nodeTests });
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
  await page.goto(
    `${site.url}?rows=nearside-onnx-wasm,nearside-onnx-webgpu,nearside-tfjs-webgpu,ort-worker`,
  );
  await expect(page.getByTestId('left-out').locator('li')).toHaveText([
    /^Nearside onnx-webgpu and Nearside tfjs-webgpu: .*WebGPU/,
  ]);
  for (const id of ['nearside-onnx-wasm', 'ort-worker']) {
    const row = rowOf(page, id);
    await expect(row).toHaveAttribute('data-state', 'done');
    await expect(row.locator('[data-name=Median]')).toHaveText(TIME);
    await expect(row.getByTestId('numbers')).toContainText('right, 3 golden cases');
  }
  await expect(page.getByTestId('headline')).toHaveText(TIME);
  await expect(page.getByTestId('headline-what')).toContainText(/fastest|cannot be told apart/);
  await expect(page.getByTestId('values')).toContainText('"batch"');
  await expectAccessible(page);

  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByTestId('copy-link').click();
  await expect(page.getByTestId('share-said')).toHaveText('Link copied.');
  const link = await page.evaluate(() => navigator.clipboard.readText());
  const phone = { viewport: { width: 390, height: 844 } };
  const other = await (await browser.newContext(phone)).newPage();
  await other.goto(link);
  await expect(other.getByTestId('notice')).toContainText('A result of');
  await expect(other.getByRole('img', { name: 'Latencies' })).toBeHidden();
  await expect(rowOf(other, 'ort-worker').locator('[data-name=p99]')).toBeHidden();
  await other.getByTestId('all-figures').press('Enter');
  await expect(rowOf(other, 'ort-worker').locator('[data-name=p99]')).toHaveText(TIME);
  expect(await other.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  const median = await rowOf(page, 'ort-worker').locator('[data-name=Median]').textContent();
  await expect(rowOf(other, 'ort-worker').locator('[data-name=Median]')).toHaveText(median ?? '');
  await other.context().close();
});

test('a run that is cancelled in the middle leaves its numbers, names no winner, and the page runs again', async ({
  page,
}) => {
  await page.goto(`${site.url}?rows=nearside-onnx-wasm,nearside-tfjs-wasm,ort-main`);
  const median = rowOf(page, 'nearside-onnx-wasm').locator('[data-name=Median]');
  await expect(median).toHaveText(TIME);
  await expect(page.getByTestId('headline')).toHaveText(/^\d of 3$/);
  await page.getByTestId('cancel').click();
  await expect(page.getByTestId('notice')).toContainText('Cancelled');
  await expect(median).toHaveText(TIME);
  await expect(rowOf(page, 'ort-main')).toHaveAttribute('data-state', 'cancelled');
  await expect(page.getByTestId('headline-what')).toContainText('which is fastest stays open');
  await expect(page.getByText(/^(among the )?fastest$/)).toHaveCount(0);
  await page.getByTestId('run').click();
  await expect(page.getByTestId('notice')).toBeHidden();
  await expect(median).toHaveText(TIME);
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

test('a link that was cut off says so, and no card is empty', async ({ page }) => {
  await page.goto(`${site.url}#result=q1YqUbJSKi1OLVK`);
  await expect(page.getByTestId('notice')).toContainText('link-broken');
  await expect(page.getByTestId('run')).toBeVisible();
  await expect(page.getByRole('heading', { level: 2 })).toHaveText(['Share and compare', 'Device']);
});

test('the operator atlas tells right, wrong, absent and hung tests apart, and its link shows them elsewhere @long', async ({
  page,
  browser,
}) => {
  await page.goto(`${site.url}atlas.html?backends=onnx-wasm&limit=2`);
  await page.getByTestId('run').click();
  await expect(page.locator('html')).toHaveAttribute('data-state', 'done');
  await expect(page.getByTestId('headline')).toHaveText('71.4%');
  const verdicts = {
    test_relu_expanded_ver18: ['Relu', 'right'],
    test_abs_wrong: ['Abs', 'wrong', '1 of 3 values differ, by up to 0.5'],
    test_momentum: ['Momentum', 'absent', 'not a registered function'],
    test_loop_without_end: ['Loop', 'failed', 'terminated'],
    test_neg_listed: ['Neg', 'right'], // after the one that never ends
    test_max_uint64: ['Max', 'excluded', 'UINT64'],
  };
  for (const [name, [operator, verdict, note = '']] of Object.entries(verdicts)) {
    await page.getByTestId('filter-text').fill(operator ?? '');
    const told = page.locator(`[data-test=${name}] .test-verdict`);
    await expect(told).toHaveAttribute('data-verdict', verdict ?? '');
    await expect(told).toContainText(note);
  }
  await expectAccessible(page);

  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByTestId('copy-link').click();
  await expect(page.getByTestId('share-said')).toHaveText('Link copied.');
  const link = await page.evaluate(() => navigator.clipboard.readText());
  const other = await (await browser.newContext()).newPage();
  await other.goto(link);
  await expect(other.getByTestId('headline')).toHaveText('71.4%');
  await other.locator('[data-kind=failed]').click();
  await expect(other.locator('[data-test]')).toHaveCount(1);
  await expect(other.locator('[data-test=test_loop_without_end]')).toContainText('failed');
  await other.context().close();
});

test('an atlas without WebGPU says so for that backend alone; one that is cancelled while a test hangs keeps what it found', async ({
  page,
}) => {
  const only = 'Identity,test_loop_without_end';
  await page.goto(`${site.url}atlas.html?backends=onnx-webgpu,onnx-wasm&only=${only}`);
  await page.getByRole('checkbox', { name: 'onnx-wasm' }).uncheck();
  await page.getByTestId('run').click();
  await expect(page.locator('[data-backend=onnx-webgpu]')).toContainText(
    'browser or device without it',
  );
  await expect(page.locator('html')).toHaveAttribute('data-state', 'done');

  await page.getByRole('checkbox', { name: 'onnx-wasm' }).check();
  await page.getByTestId('run').click();
  await expect(page.getByTestId('progress')).toContainText('1 of 4');
  await page.getByTestId('cancel').click();
  await expect(page.getByTestId('notice')).toContainText('Cancelled');
  const wasm = page.locator('[data-backend=onnx-wasm]');
  await expect(wasm).toHaveAttribute('data-state', 'cancelled');
  await expect(wasm.locator('li[data-verdict=right]')).toHaveText('1 right');
  await expect(page.getByTestId('run')).toBeEnabled();
});

test('an atlas refuses a broken link and a result of something else, and is there without its tests', async ({
  page,
}) => {
  await page.goto(`${site.url}atlas.html#result=q1YqUbJSKi1OLVK`);
  await expect(page.getByTestId('notice')).toContainText('link-broken');
  await expect(page.getByTestId('run')).toBeEnabled();
  const file = `${dir}/other.json`;
  await writeFile(file, '{"kind":"nearside-benchmark","format":1}');
  await page.getByTestId('compare-file').setInputFiles(file);
  await expect(page.getByTestId('notice')).toContainText('result-invalid');
  await page.route('**/node-tests.packed', (route) => route.fulfill({ status: 404 }));
  await page.goto(`${site.url}atlas.html`);
  await expect(page.getByTestId('notice')).toContainText('built without the node tests');
  await expect(page.getByTestId('run')).toBeDisabled();
});
