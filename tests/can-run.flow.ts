import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { test } from './cleared-page.js';
import { FIRST_DIGITS } from './digits-repository.js';
import { madeOnce } from './made-once.js';
import { gotoBarePage } from './serve-bare-page.js';
import { serveForTests } from './serve-for-tests.js';

const served = serveForTests('workshop');

const PACKED = `packed-${FIRST_DIGITS.version}`;
const WEIGHTS = ['int8/model.onnx', 'fp32/model.onnx', 'tfjs/weights.bin'];

test.beforeEach(async ({ page }) => {
  await gotoBarePage(page, served.site.url);
});

test('a model by address is timed on CPU backends before any of its weights is fetched', async ({
  page,
}) => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  const seen = await page.evaluate(async ({ url, trust }) => {
    const { nearside } = globalThis as Scope;
    const answer = await nearside.canRun(url, { trust, maxBytes: 5_000_000, maxMs: 30_000 });
    const databases = (await indexedDB.databases()).map(({ name }) => name);
    return { answer, databases };
  }, served.digits.address);
  const layout = JSON.parse(await readFile(join(madeOnce(PACKED), 'layout.json'), 'utf8'));
  const chunks = WEIGHTS.flatMap((file) => layout.files[file].map(([sha256]: [string]) => sha256));
  expect(asked.filter((url) => chunks.some((sha256) => url.includes(sha256)))).toEqual([]);
  const { rows, ...best } = seen.answer;
  expect(best).toMatchObject({ verdict: 'yes', fits: true });
  expect(best.estimatedMs).toBeGreaterThan(0);
  expect(best.memoryBytes).toBeGreaterThanOrEqual(25_165_824);
  expect(best.downloadBytes).toBeGreaterThan(10_000);
  expect(best.downloadBytes).toBeLessThan(100_000); // the runtime is in the browser's cache by now
  const ran = rows.filter(({ estimatedMs }: Scope) => estimatedMs !== undefined);
  expect(ran.map((row: Scope) => `${row.variant} on ${row.backend}`).sort()).toEqual([
    'fp32 on onnx-wasm',
    'int8 on onnx-wasm',
    'uint8 on tfjs-wasm',
  ]);

  const opened = await page.evaluate(async ({ url, trust }) => {
    const { nearside } = globalThis as Scope;
    const model = await nearside.open(url, { trust, tune: 'off' });
    const { opening } = model.stats();
    await model.close();
    return [opening.origin, opening.fetchedBytes > 10_000];
  }, served.digits.address);
  expect(opened).toEqual(['network', true]); // nothing was active before
});

test('a model that needs more memory than it may does not fit, and no runtime is started', async ({
  page,
}) => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  const seen = await page.evaluate(async ({ url, trust }) => {
    const { nearside } = globalThis as Scope;
    return nearside.canRun(url, { trust, memoryBudgetBytes: 1_000_000 });
  }, served.digits.address);
  expect(seen).toMatchObject({ verdict: 'no', fits: false, memoryBytes: 25_165_824 });
  expect(new Set(seen.rows.map(({ code }: Scope) => code))).toEqual(new Set(['out-of-memory']));
  expect(asked.filter((url) => url.endsWith('.wasm'))).toEqual([]);
});

test('of a version without graph files it is unknown', async ({ page }) => {
  const bare = await serveWithoutGraphs();
  const seen = await page.evaluate(async ({ url, trust }) => {
    const { nearside } = globalThis as Scope;
    return nearside.canRun(url, { trust, backend: 'onnx-wasm' });
  }, bare.address);
  await bare.close();
  expect(seen).toMatchObject({ verdict: 'unknown', backend: 'onnx-wasm', variant: 'int8' });
  expect(seen.fits).toBeUndefined();
  expect(seen.rows.map(({ code }: Scope) => code)).toEqual(['file-missing', 'file-missing']);
});

test('an abort ends every worker', async ({ page }) => {
  const begun = page.waitForRequest(/\.wasm$/);
  const ended = page.evaluate(async ({ url, trust }) => {
    const { nearside } = globalThis as Scope;
    const controller = new AbortController();
    Object.assign(globalThis, { controller });
    const { signal } = controller;
    return nearside.canRun(url, { trust, signal }).catch((reason: Error) => reason.name);
  }, served.digits.address);
  await begun;
  await expect.poll(() => page.workers().length).toBeGreaterThan(0);
  await page.evaluate(() => (globalThis as Scope).controller.abort());
  expect(await ended).toBe('AbortError');
  await expect.poll(() => page.workers().length).toBe(0);
});

test('a dropped file is timed once nothing of its shape is free', async ({ page }) => {
  const seen = await page.evaluate(async () => {
    const { nearside, urls, pick, fetchBlob } = globalThis as Scope;
    const ocr = await pick(urls.ocrUrl, 'recogniser.onnx');
    const options = { backend: 'onnx-wasm', maxMs: 30_000 };
    const digits = await fetchBlob(urls.digitsUrl);
    const many = { name: 'pixel_values', datatype: 'FP32', shape: [64, 1, 28, 28] };
    const codeOf = ({ code, details }: Scope) => [code, details];
    return {
      free: await nearside.canRun(ocr, options).catch(codeOf),
      one: await nearside.canRun(urls.digitsUrl, options), // by its address
      pinned: await nearside.canRun(digits, { ...options, spec: { inputs: [many] } }),
      wrong: await nearside.canRun(new Blob(['no model']), options).catch(codeOf),
    };
  });
  expect(seen.free).toEqual(['input-invalid', { input: 'x', shape: [-1, 3, 48, -1] }]);
  expect(seen.one).toMatchObject({ verdict: 'yes', backend: 'onnx-wasm', downloadBytes: 0 });
  expect(seen.pinned.estimatedMs).toBeGreaterThan(4 * seen.one.estimatedMs);
  expect(seen.wrong[0]).toBe('model-invalid');
});

/** Digits as versions were packed that knew of no graph files. */
async function serveWithoutGraphs() {
  const { generateKeys, publish, serveRepository } = await import(
    '../packages/publisher/dist/index.js'
  );
  const dir = await mkdtemp(join(tmpdir(), 'nearside-bare-'));
  const packed = join(dir, 'packed');
  await cp(madeOnce(PACKED), packed, { recursive: true });
  await rm(join(packed, 'graph'), { recursive: true });
  const layout = JSON.parse(await readFile(join(packed, 'layout.json'), 'utf8'));
  for (const name of Object.keys(layout.files)) {
    if (name.startsWith('graph/')) delete layout.files[name];
  }
  await writeFile(join(packed, 'layout.json'), JSON.stringify(layout));
  const [keys, repository] = [join(dir, 'keys'), join(dir, 'repository')];
  await generateKeys({ out: keys });
  const { pin } = await publish({ packed, repository, keys });
  const server = await serveRepository({ dir: repository, port: 0 });
  return {
    address: { url: `http://localhost:${server.port}/digits`, trust: pin },
    async close() {
      await server.close();
      await rm(dir, { recursive: true });
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: what runs in the page is not typed here
type Scope = any;
