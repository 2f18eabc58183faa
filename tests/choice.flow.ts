import { rm } from 'node:fs/promises';
import { expect, type Page } from '@playwright/test';
import { keepVariants, trivialOnOnnx } from './change-digits.js';
import { test } from './cleared-page.js';
import { serveDigits } from './digits-repository.js';
import { gotoBarePage, serveBarePage } from './serve-bare-page.js';
import { PATIENT, row, visitUntilTuned } from './visit-until-tuned.js';

// What is measured while a machine of two cores does three things at a time may come out either way.
test.describe.configure({ retries: 2 });

let site: Awaited<ReturnType<typeof serveBarePage>>;
let digits: Awaited<ReturnType<typeof serveDigits>>;

test.beforeAll(async () => {
  site = await serveBarePage();
});

test.afterAll(async () => {
  await site.close();
});

test.beforeEach(async ({ page }) => {
  digits = await serveDigits();
  await gotoBarePage(page, site.url);
});

test.afterEach(async () => {
  await digits.close();
});

test('on an empty cache the light runtime answers, then the faster one is fetched and serves; the next visit opens with the light one', async ({
  page,
}) => {
  await digits.release(trivialOnOnnx({ isWrong: false }));
  const firstRequests = countRequests(page);
  const first = await visit(page);
  expect(first.origin).toBe('network');
  expect(firstRequests.to(/\/boot\//)).toHaveLength(1);
  expect(first.backends, JSON.stringify(first.table)).toEqual(['tfjs-wasm', 'onnx-wasm']);
  expect(first.selected).toEqual([
    { backend: 'tfjs-wasm', variant: 'uint8', origin: 'prior' },
    { backend: 'onnx-wasm', variant: 'int8', origin: 'measured' },
  ]);
  expect(row(first, 'onnx-wasm')).toMatchObject({ verdict: 'serving', variant: 'int8' });
  expect(row(first, 'tfjs-wasm')).toMatchObject({ verdict: 'slower', variant: 'uint8' });
  expect(row(first, 'onnx-wasm').p50Ms).toBeLessThan(row(first, 'tfjs-wasm').p50Ms ?? 0);
  expect(row(first, 'onnx-wasm').bytes).toBeGreaterThan(3_000_000);
  expect(first.choice).toBe('measured');
  expect(first.runs).toBe(2); // those of a measurement are in no count

  const requests = countRequests(page);
  await gotoBarePage(page, site.url);
  const second = await visit(page);
  expect(second).toMatchObject({ origin: 'store', choice: 'remembered' });
  expect(second.backends).toEqual(['tfjs-wasm', 'tfjs-wasm']);
  expect(row(second, 'onnx-wasm')).toMatchObject({ verdict: 'faster' });
  expect(requests.to(/worker-onnx|\/chunks\//)).toEqual([]);
});

test('before-open measures first: what open gives is the faster one', async ({ page }) => {
  await digits.release(trivialOnOnnx({ isWrong: false }));
  const seen = await visit(page, { tune: 'before-open' });
  expect(seen.backends).toEqual(['onnx-wasm', 'onnx-wasm']);
  expect(seen.choice).toBe('measured');
});

test('a signal that aborts while it measures before opening ends everything', async ({ page }) => {
  const held = await hold(page, /ort-.*\.wasm$/);
  const opening = page.evaluate(async ({ url, trust }) => {
    const scope = globalThis as Scope;
    scope.controller = new AbortController();
    const { signal } = scope.controller;
    return scope.nearside
      .open(url, { trust, tune: 'before-open', signal })
      .catch((error: Error) => error.message);
  }, digits.address);
  await held.asked;
  await page.evaluate(() => (globalThis as Scope).controller.abort(new Error('enough')));
  expect(await opening).toBe('enough');
  await expect.poll(() => page.workers().length).toBe(0);
});

for (const [name, options, reason] of [
  ['off', { tune: 'off' }, /off/],
  ['a budget that is too small', { tune: { maxBytes: 200_000 } }, /200000 left/],
  ['saveData', { tune: 'before-open', policy: { saveData: true } }, /saveData/],
] as const) {
  test(`with ${name} nothing more is fetched, and the table says why`, async ({ page }) => {
    const requests = countRequests(page);
    const seen = await visit(page, options);
    expect(seen.backends).toEqual(['tfjs-wasm', 'tfjs-wasm']);
    for (const untried of seen.table.filter(({ backend }) => backend === 'onnx-wasm')) {
      expect(untried).toMatchObject({
        verdict: 'untried',
        message: expect.stringMatching(reason),
      });
    }
    expect(requests.to(/onnx|ort-/)).toEqual([]);
  });
}

test('a contender that computes wrong numbers is quarantined beside serving, and not tried again; another version is measured anew', async ({
  page,
}) => {
  await digits.release(trivialOnOnnx({ isWrong: true }));
  const first = await visit(page);
  const wrong = { backend: 'onnx-wasm', variant: 'int8', code: 'golden-mismatch' };
  expect(first.backends).toEqual(['tfjs-wasm', 'tfjs-wasm']);
  expect(first.quarantined).toMatchObject([wrong]);
  expect(first.told).toMatchObject([wrong]);
  expect(row(first, 'onnx-wasm')).toMatchObject({ verdict: 'quarantined', ...wrong });

  const requests = countRequests(page);
  await gotoBarePage(page, site.url);
  const second = await visit(page);
  expect(second.quarantined).toMatchObject([wrong]);
  expect(second.told).toEqual([]);
  expect(requests.to(/onnx/)).toEqual([]);

  const forced = await page.evaluate(async ({ url, trust }) => {
    const { nearside } = globalThis as Scope;
    return nearside
      .open(url, { trust, backend: 'onnx-wasm' })
      .catch((error: { code: string }) => error.code);
  }, digits.address);
  expect(forced).toBe('golden-mismatch');

  await digits.release(trivialOnOnnx({ isWrong: false, version: '1.2.0', sequence: 3 }));
  await page.evaluate(async ({ url, trust }) => {
    const model = await (globalThis as Scope).nearside.open(url, { trust, tune: 'off' });
    await model.update();
    await model.close();
  }, digits.address);
  const third = await visit(page);
  expect(third.backends, JSON.stringify(third.table)).toEqual(['tfjs-wasm', 'onnx-wasm']);
  expect(third.quarantined).toEqual([]);
});

test('closing while a contender loads leaves no worker, and the next open starts where it was', async ({
  page,
}) => {
  const held = await hold(page, /ort-.*\.wasm$/);
  await page.evaluate(async ({ url, trust }) => {
    const scope = globalThis as Scope;
    scope.model = await scope.nearside.open(url, { trust });
    await scope.model.run(scope.one());
  }, digits.address);
  await held.asked;
  expect(page.workers()).toHaveLength(2);
  await page.evaluate(() => (globalThis as Scope).model.close());
  await expect.poll(() => page.workers().length).toBe(0);
  const next = await visit(page, { tune: 'off' });
  expect(next).toMatchObject({ choice: 'remembered', backends: ['tfjs-wasm', 'tfjs-wasm'] });
});

test('a runtime that cannot be reached is passed over, and is not held against its backend', async ({
  page,
}) => {
  await page.context().route(/tfjs-backend-wasm.*\.wasm$/, (route) => route.abort());
  const seen = await visit(page, { tune: 'off' });
  expect(seen).toMatchObject({ backends: ['onnx-wasm', 'onnx-wasm'], quarantined: [] });
});

test('a runtime that takes longer to arrive than loading may is not held against its backend', async ({
  page,
}) => {
  await digits.release(trivialOnOnnx({ isWrong: false }));
  await page.context().route(/ort-.*\.wasm$/, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    await route.continue();
  });
  const seen = await visit(page, { ...PATIENT, policy: { warmUpMs: 4_000 } });
  expect(seen).toMatchObject({ backends: ['tfjs-wasm', 'onnx-wasm'], quarantined: [], told: [] });
});

test('offline, weights that are gone are passed over for those that are there', async ({
  page,
}) => {
  expect((await visit(page, { backend: 'onnx-wasm' })).choice).toBe('forced');
  expect((await visit(page, { tune: 'off' })).backends[0]).toBe('onnx-wasm');
  const [chunk = ''] = await digits.chunksOf('1.0.0', 'int8/model.onnx');
  await visit(page, { backend: 'tfjs-wasm' });
  await page.evaluate(removeChunk, chunk);
  await digits.stop();
  const seen = await visit(page, { tune: 'off' });
  expect(seen).toMatchObject({ backends: ['tfjs-wasm', 'tfjs-wasm'], quarantined: [] });
});

test('a model with one form of weights opens on its runtime at once, and nothing is fetched twice or quarantined', async ({
  page,
}) => {
  await digits.release({
    version: '1.1.0',
    sequence: 2,
    change: (source) => keepVariants(source, ['int8']),
  });
  const requests = countRequests(page);
  const seen = await visit(page, {}); // what options say is checked by the second part
  expect(seen).toMatchObject({ backends: ['onnx-wasm', 'onnx-wasm'], quarantined: [], told: [] });
  expect(row(seen, 'tfjs-wasm')).toMatchObject({
    verdict: 'untried',
    message: 'no variant for tfjs',
  });
  expect(requests.to(/\/boot\//)).toHaveLength(1);
  const chunks = requests.to(/\/(?:chunks|targets)\//);
  expect(chunks).toEqual([...new Set(chunks)]);
  expect(requests.to(/tfjs/)).toEqual([]);
  const [onnx, later] = [/worker-onnx-wasm/, /assets\/later/].map(requests.firstTo);
  expect(onnx).toBeLessThan(later ?? 0); // which is for what comes after the first result
});

test('without a boot file a model opens as with one, and the file is asked for once', async ({
  page,
}) => {
  await rm(`${digits.repository}/boot/digits.json`);
  const requests = countRequests(page);
  const seen = await visit(page, { tune: 'off' });
  expect(seen).toMatchObject({ origin: 'network', backends: ['tfjs-wasm', 'tfjs-wasm'] });
  expect(requests.to(/\/boot\//)).toHaveLength(1);
});

test('where no choice is remembered, metadata on the device says which runtime to start, without a request', async ({
  page,
}) => {
  await digits.release({
    version: '1.1.0',
    sequence: 2,
    change: (source) => keepVariants(source, ['int8']),
  });
  await visit(page, { tune: 'off' });
  await page.evaluate(forgetChoice);
  await gotoBarePage(page, site.url);
  const requests = countRequests(page);
  expect(await visit(page, { tune: 'off' })).toMatchObject({ origin: 'store' });
  expect(requests.to(/tfjs|\/boot\//)).toEqual([]);
});

async function forgetChoice(): Promise<void> {
  await new Promise<void>((resolve) => {
    indexedDB.open('nearside-models').onsuccess = ({ target }) => {
      const { result } = target as IDBOpenDBRequest;
      const change = result.transaction('nearside', 'readwrite');
      change.objectStore('nearside').openCursor().onsuccess = ({ target }) => {
        const cursor = (target as IDBRequest<IDBCursorWithValue | null>).result;
        if (String(cursor?.key).endsWith('/b/digits')) cursor?.delete();
        cursor?.continue();
      };
      change.oncomplete = () => resolve();
    };
  });
}

async function removeChunk(sha256: string): Promise<void> {
  await new Promise<void>((resolve) => {
    indexedDB.open('nearside-models').onsuccess = ({ target }) => {
      const { result } = target as IDBOpenDBRequest;
      const change = result.transaction('nearside', 'readwrite');
      change.objectStore('nearside').delete(`c/${sha256}`);
      change.oncomplete = () => resolve();
    };
  });
}

function countRequests(page: Page) {
  const urls: string[] = [];
  page.on('request', (request) => urls.push(request.url()));
  return {
    to: (pattern: RegExp) => urls.filter((url) => pattern.test(url)),
    firstTo: (pattern: RegExp) => urls.findIndex((url) => pattern.test(url)),
  };
}

function visit(page: Page, options?: object) {
  return visitUntilTuned(page, digits.address, options);
}

/** Leaves a request unanswered. */
async function hold(page: Page, pattern: RegExp): Promise<{ asked: Promise<void> }> {
  let seen = () => {};
  const asked = new Promise<void>((resolve) => {
    seen = resolve;
  });
  await page.context().route(pattern, () => seen());
  return { asked };
}

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
