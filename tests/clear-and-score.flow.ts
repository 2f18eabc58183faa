import { expect } from '@playwright/test';
import { test } from './cleared-page.js';
import { gotoBarePage } from './serve-bare-page.js';
import { serveForTests } from './serve-for-tests.js';

const served = serveForTests();

test('what prefetch has stored opens without the repository', async ({ page }) => {
  await gotoBarePage(page, served.site.url);
  const prefetched = await page.evaluate(({ url, trust }) => {
    const { nearside } = globalThis as Scope;
    return nearside.prefetch(url, { trust });
  }, served.digits.address);
  expect(prefetched).toEqual({ version: '1.0.0', variant: 'uint8', backend: 'tfjs-wasm' });
  await served.digits.stop();
  const origin = await page.evaluate(async ({ url, trust }) => {
    const { nearside } = globalThis as Scope;
    const model = await nearside.open(url, { trust });
    await model.close();
    return model.stats().opening.origin;
  }, served.digits.address);
  await served.digits.start();
  expect(origin).toBe('store');
});

test('clear takes one model, or everything, off the device; the next open fetches anew', async ({
  page,
}) => {
  await gotoBarePage(page, served.site.url);
  const found = await page.evaluate(async ({ url, trust }) => {
    const { nearside } = globalThis as Scope;
    const visit = async () => {
      const model = await nearside.open(url, { trust });
      const { origin } = model.stats().opening;
      await model.close();
      return origin;
    };
    const origins = [await visit(), await visit()];
    await nearside.clear({ model: 'another' });
    origins.push(await visit());
    await nearside.clear({ model: 'digits' });
    origins.push(await visit());
    await nearside.clear({ everything: true });
    const left = await new Promise((resolve) => {
      indexedDB.open('nearside-reports').onsuccess = ({ target }) => {
        const { result } = target as IDBOpenDBRequest;
        const request = result.transaction('nearside').objectStore('nearside').count();
        request.onsuccess = () => resolve(request.result);
      };
    });
    origins.push(await visit());
    const refused = await nearside.clear({}).catch((error: Error) => error.name);
    return { origins, left, refused };
  }, served.digits.address);
  expect(found.origins).toEqual(['network', 'store', 'store', 'network', 'network']);
  expect(found.left).toBe(0);
  expect(found.refused).toBe('TypeError');
});

test('score runs many inputs in order, in batches, and goes on where it stopped', async ({
  page,
}) => {
  await gotoBarePage(page, served.site.url);
  const scored = await page.evaluate(async ({ url, trust }) => {
    const { nearside, one } = globalThis as Scope;
    const model = await nearside.open(url, { trust });
    const inputs = Array.from({ length: 200 }, (_, i) =>
      i === 7 ? new Blob(['not a picture']) : one(),
    );
    const all = [];
    let largest = 0;
    for await (const { index, output, meta, error } of model.score(inputs, { from: 5 })) {
      all.push(`${index} ${error?.code ?? output[0].label}`);
      largest = Math.max(largest, meta?.batch ?? 0);
    }
    await model.close();
    return { all, largest };
  }, served.digits.address);
  expect(scored.all).toHaveLength(195);
  expect(scored.all.slice(0, 4)).toEqual(['5 1', '6 1', '7 decode-failed', '8 1']);
  expect(scored.all.at(-1)).toBe('199 1');
  expect(scored.largest).toBeGreaterThan(1);
});

test('score hands on what is there while its source is silent, and ends on abort, close and return all the same', async ({
  page,
}) => {
  await gotoBarePage(page, served.site.url);
  const ends = await page.evaluate(async ({ url, trust }) => {
    const { nearside, one } = globalThis as Scope;
    async function* silentAfter(count: number) {
      for (let i = 0; i < count; i += 1) yield one();
      await new Promise(() => {});
    }
    const end = async (
      leave: (model: Scope, controller: AbortController, scores: Scope) => unknown,
    ) => {
      const controller = new AbortController();
      const model = await nearside.open(url, { trust });
      const scores = model.score(silentAfter(2), { signal: controller.signal });
      const read = [await scores.next(), await scores.next()];
      const labels = read.map(({ value }) => `${value.index} ${value.output[0].label}`);
      const third = scores.next().catch((error: Scope) => error.code ?? error.message);
      await leave(model, controller, scores);
      const how = await third;
      await model.close();
      return [...labels, how];
    };
    return {
      abort: await end((_, controller) => controller.abort(new Error('changed my mind'))),
      close: await end((model) => model.close()),
      return: await end((_, __, scores) => scores.return()),
    };
  }, served.digits.address);
  expect(ends.abort).toEqual(['0 1', '1 1', 'changed my mind']);
  expect(ends.close).toEqual(['0 1', '1 1', 'closed']);
  expect(ends.return).toEqual(['0 1', '1 1', { done: true, value: undefined }]);
});

test('profile says where the time of an input goes, and explainBackend what serves', async ({
  page,
}) => {
  await gotoBarePage(page, served.site.url);
  const { profile, verdicts, refused } = await page.evaluate(async ({ url, trust }) => {
    const { nearside, one } = globalThis as Scope;
    const model = await nearside.open(url, { trust, backend: 'onnx-wasm' });
    const profile = await model.profile(one(), { runs: 5 });
    const free = await nearside.open(url, { trust, tune: 'off' });
    const verdicts = await free.explainBackend();
    await free.close();
    const refused = await model.profile(one(), { runs: 0 }).catch((error: Error) => error.name);
    await model.close();
    return { profile, verdicts, refused };
  }, served.digits.address);
  expect(profile).toMatchObject({ model: 'digits', backend: 'onnx-wasm', runs: 5 });
  expect(profile.stages.map(({ stage }: { stage: string }) => stage)).toEqual([
    'queue',
    'pre',
    'run',
    'post',
  ]);
  expect(profile.totalMs).toBeGreaterThan(0);
  expect(profile.operators).toContainEqual({
    name: expect.stringContaining('conv2'),
    operator: 'QLinearConv',
    medianMs: expect.any(Number),
    share: expect.any(Number),
  });
  expect(verdicts).toMatchObject([
    { backend: 'onnx-wasm', variant: 'int8', verdict: 'serving' },
    { backend: 'tfjs-wasm', variant: 'uint8', verdict: 'untried', message: "`tune` is 'off'" },
    { backend: 'onnx-webgpu', variant: 'int8', verdict: 'untried' },
    { backend: 'tfjs-webgpu', variant: 'uint8', verdict: 'untried' },
    { backend: 'onnx-wasm', variant: 'fp32', verdict: 'untried' },
    { backend: 'onnx-webgpu', variant: 'fp32', verdict: 'untried' },
  ]);
  expect(refused).toBe('RangeError');
});

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
