import { setTimeout as sleep } from 'node:timers/promises';
import { type BrowserContext, expect, type Page, test } from '@playwright/test';
import { contentProcessOf, killProcess } from '../scripts/kills/content-process.mjs';
import { hearMarks, type MarkStep } from '../scripts/kills/hear-marks.mjs';
import { tellMarks } from '../scripts/kills/tell-marks.mjs';
import { serveDigits } from './digits-repository.js';
import { keepWriteLocks } from './keep-write-locks.js';
import { gotoBarePage } from './serve-bare-page.js';
import { serveForTests } from './serve-for-tests.js';

const served = serveForTests();

test('a page is marked while it opens and runs, from before its worker on, and a second after the last work no more', async ({
  context,
}) => {
  const { steps, close } = await watchedBy(context);
  const page = await visit(context);
  await page.evaluate(openModel, { ...served.digits.address, options: {} });
  await expect.poll(() => steps.at(-1)?.step).toBe('removed');
  const opened = phasesOf(steps);
  expect([...new Set(opened)]).toEqual(['opening', 'loading']);
  expect(steps.find(({ phase }) => phase === 'loading')).toMatchObject({
    backend: 'tfjs-wasm',
    variant: 'uint8',
  });
  expect(await standing(page)).toEqual({ marks: [], locks: [] });

  steps.length = 0;
  const during = await page.evaluate(async () => {
    const { model, one } = globalThis as Scope;
    for (let run = 0; run < 20; run += 1) await model.run(one());
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { held = [] } = await navigator.locks.query();
    return held.map(({ name = '' }) => name);
  });
  expect(during.filter((name) => name.startsWith('nearside '))).toHaveLength(1);
  // On a busy machine the mark goes between tuning and warming too.
  await expect.poll(() => phasesOf(steps)).toContain('warming');
  await expect.poll(() => steps.at(-1)?.step).toBe('removed');
  expect([...new Set(phasesOf(steps))]).toEqual(['running', 'tuning', 'warming']);
  expect(new Set(steps.map(({ backend, phase }) => phase === 'tuning' && backend))).toContain(
    'onnx-wasm',
  );
  expect(await standing(page)).toEqual({ marks: [], locks: [] });
  await close();
});

test('a mark is gone when the page is left while it is at work, and none is there in memory or of unsigned files', {
  tag: '@long',
}, async ({ context }) => {
  const { steps, close } = await watchedBy(context);
  const page = await visit(context);
  await page.evaluate(openModel, { ...served.digits.address, options: { store: 'memory' } });
  await page.evaluate(() => (globalThis as Scope).model.run((globalThis as Scope).one()));
  expect(steps).toEqual([]);
  await page.evaluate(openModel, { ...served.digits.address, options: { tune: 'off' } });
  await page.evaluate(() => (globalThis as Scope).model.run((globalThis as Scope).one()));
  await expect.poll(() => steps.at(-1)).toMatchObject({ step: 'stored', phase: 'running' });
  await close();
  await gotoBarePage(page, served.site.url);
  expect(await standing(page)).toEqual({ marks: [], locks: [] });
  await page.evaluate(openModel, { ...served.digits.address, options: { tune: 'off' } });
  expect(await page.evaluate(lost)).toEqual([]);
});

test('a page that is closed, or reloaded, while another tab keeps the store busy has not died', {
  tag: '@long',
}, async ({ context }) => {
  const { steps, close } = await watchedBy(context);
  for (const end of ['close', 'reload'] as const) {
    const page = await visit(context);
    await page.evaluate(openModel, { ...served.digits.address, options: { tune: 'off' } });
    await page.evaluate(runOn);
    await expect.poll(() => steps.at(-1)).toMatchObject({ step: 'stored', phase: 'running' });
    const holder = await visit(context);
    await holder.evaluate(keepWriteLocks, ['nearside-models']);
    await page[end]();
    await holder.close();
    const next = await visit(context);
    await next.evaluate(openModel, { ...served.digits.address, options: { tune: 'off' } });
    expect(await next.evaluate(lost)).toEqual([]);
    await Promise.all([page.close(), next.close()]);
  }
  await close();
});

test('a page that dies while it loads beside one at work is counted once, however many tabs see it; each is more careful', {
  tag: '@long',
}, async ({ context }) => {
  test.slow();
  const busy = await visit(context);
  await busy.evaluate(openModel, { ...served.digits.address, options: { tune: 'off' } });
  await busy.evaluate(runOn);
  await expect.poll(() => busy.evaluate(goodRuns)).toBeGreaterThanOrEqual(3);
  const died = await dieAt(context, 'loading');
  const pages = await Promise.all([visit(context), visit(context)]);
  const address = { ...served.digits.address, options: {} };
  await Promise.all(pages.map((page) => page.evaluate(openModel, address)));
  for (const page of pages) {
    const { backend, variant } = died;
    expect(await page.evaluate(lost)).toEqual([
      expect.objectContaining({ phase: 'loading', backend, variant, isLasting: false }),
    ]);
    const stats = await page.evaluate(() => (globalThis as Scope).model.stats());
    expect(stats).toMatchObject({ backend: 'onnx-wasm', threads: 1 }); // not what died
  }
  expect(await busy.evaluate(() => (globalThis as Scope).failure)).toBe(undefined);
});

test('where the store is full, a death makes each visit careful, and it is counted once when there is room', {
  tag: '@long',
}, async ({ context }) => {
  await dieAt(context, 'loading');
  for (const isFull of [true, true, false, false]) {
    const page = await context.newPage();
    if (isFull) await page.addInitScript(refuseDeaths);
    await gotoBarePage(page, served.site.url);
    await page.evaluate(openModel, { ...served.digits.address, options: { tune: 'off' } });
    const { threads, opening } = await page.evaluate(() => (globalThis as Scope).model.stats());
    expect({ threads, lost: opening.lost.length }).toEqual({ threads: 1, lost: 1 });
    await expect.poll(async () => (await standing(page)).marks.length).toBe(isFull ? 1 : 0);
    await page.close();
  }
});

test('a page that dies three times is refused before a worker starts, and the app answers in its place', async ({
  context,
}) => {
  test.slow();
  const { backend, variant } = await dieAt(context, 'loading');
  const again = { backend, variant, threads: 1 }; // the version is new here
  expect(await dieAt(context, 'loading')).toMatchObject(again);
  expect(await dieAt(context, 'loading')).toMatchObject({ variant: 'int8', threads: 1 });
  const page = await visit(context);
  const started: string[] = [];
  page.on('worker', (worker) => started.push(worker.url()));
  const refused = await page.evaluate(openModel, { ...served.digits.address, options: {} });
  expect(refused).toMatchObject({ code: 'page-lost', retryable: false });
  expect(started).toEqual([]);
  const answer = await page.evaluate(async ({ url, trust }) => {
    const { nearside, one } = globalThis as Scope;
    const model = await nearside.open(url, { trust, fallback: () => 'by hand' });
    const { output } = await model.run(one());
    return { output, lost: model.stats().opening.lost.length };
  }, served.digits.address);
  expect(answer).toMatchObject({ output: 'by hand' });
  expect(answer.lost).toBeGreaterThanOrEqual(2);
});

test('a death that a silent store keeps from one visit is counted once by the next', {
  tag: '@long',
}, async ({ context }) => {
  await dieAt(context, 'loading');
  const holder = await visit(context);
  await holder.evaluate(keepWriteLocks, ['nearside-models']);
  const found = [];
  for (const isSilent of [true, false, false]) {
    const page = await visit(context);
    await page.evaluate(openModel, { ...served.digits.address, options: { tune: 'off' } });
    found.push((await page.evaluate(lost)).length);
    if (isSilent) await holder.close();
    const left = async () => (await standing(page)).marks.length;
    await expect.poll(left).toBe(isSilent ? 1 : 0); // its own came late, and is gone
    await page.close();
  }
  expect(found).toEqual([0, 1, 1]);
});

test('a page that dies three times before a backend is chosen is refused too, with the number of deaths', {
  tag: '@long',
}, async ({ context }) => {
  for (let visits = 0; visits < 3; visits += 1) {
    expect((await dieAt(context, 'opening')).backend).toBe(undefined);
  }
  const page = await visit(context);
  const refused = await page.evaluate(openModel, { ...served.digits.address, options: {} });
  expect(refused).toMatchObject({ code: 'page-lost' });
  expect(refused.message).toContain('ended 3 pages');
});

test('a page that dies in a run is careful for a day: a settled version takes another contender, and says why', {
  tag: '@long',
}, async ({ context }) => {
  test.slow();
  const first = await visit(context);
  await first.evaluate(openModel, { ...served.digits.address, options: { tune: 'off' } });
  for (let run = 0; run < 3; run += 1) await first.evaluate(runOnce);
  await expect.poll(() => first.evaluate(goodRuns)).toBe(3);
  await first.close();
  const died = await dieAt(context, 'running', { options: { tune: 'off' }, act: runOnce });
  expect(died).toMatchObject({ backend: 'tfjs-wasm', variant: 'uint8' });

  const page = await visit(context);
  await page.evaluate(openModel, { ...served.digits.address, options: {} });
  const told = await page.evaluate(async () => {
    const { model, nearside } = globalThis as Scope;
    const rows = await model.explainBackend();
    const { url, trust } = (globalThis as Scope).address;
    const rehearsed = await nearside.canRun(url, { trust, maxMs: 4_000 });
    return { stats: model.stats(), rows, rehearsed: rehearsed.rows };
  });
  expect(told.stats).toMatchObject({ backend: 'onnx-wasm', threads: 1, choice: 'prior' });
  const row = expect.objectContaining({
    backend: 'tfjs-wasm',
    variant: 'uint8',
    code: 'page-lost',
  });
  expect(told.rows).toContainEqual(row);
  expect(told.rehearsed).toContainEqual(row);
  const gpu = told.rows.find(({ backend }: Scope) => backend === 'onnx-webgpu');
  expect(gpu.message).toContain('a page died lately');
});

test('a new version that dies twice is given up: the one before it serves, with no byte from the network', {
  tag: '@long',
}, async ({ context }) => {
  test.slow();
  const digits = await serveDigits();
  const how = { address: digits.address, options: { tune: 'off' } };
  const first = await visit(context);
  await first.evaluate(openModel, { ...digits.address, options: { tune: 'off' } });
  for (let run = 0; run < 3; run += 1) await first.evaluate(runOnce);
  await expect.poll(() => first.evaluate(goodRuns)).toBe(3);
  await digits.release({ version: '1.1.0', sequence: 2 });
  await first.evaluate(() => (globalThis as Scope).model.update());
  await first.close();
  for (let visits = 0; visits < 2; visits += 1) {
    expect(await dieAt(context, 'loading', how)).toMatchObject({ backend: 'tfjs-wasm' });
  }
  const page = await visit(context);
  const asked: string[] = [];
  context.on('request', (request) => {
    if (request.url().startsWith(new URL(digits.address.url).origin)) asked.push(request.url());
  });
  await page.evaluate(openModel, { ...digits.address, options: { tune: 'off' } });
  const { version, opening } = await page.evaluate(() => (globalThis as Scope).model.stats());
  expect({ version, lost: opening.lost.length, asked }).toEqual({
    version: '1.0.0',
    lost: 2,
    asked: [],
  });
  await digits.close();
});

/** Hears of every step of marks. */
async function watchedBy(context: BrowserContext) {
  const heard = await hearMarks();
  await context.addInitScript(tellMarks, heard.url);
  return { steps: heard.seen, close: heard.close };
}

function phasesOf(steps: readonly MarkStep[]): (string | undefined)[] {
  return steps.filter(({ step }) => step === 'stored').map(({ phase }) => phase);
}

async function visit(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await gotoBarePage(page, served.site.url);
  return page;
}

interface Dying {
  readonly address?: object;
  readonly options?: object;
  /** Done in the page once the model is open. */
  readonly act?: () => Promise<unknown>;
}

/** A page that is not told yet that its mark is stored may go on: the store has it after so long, ms. */
const STORING_MS = 50;

/**
 * Opens the model in a page of its own, whose process is killed when its mark says so, at the latest before it puts
 * something else in the place of that mark.
 */
async function dieAt(
  context: BrowserContext,
  phase: string,
  { address = served.digits.address, options = {}, act }: Dying = {},
): Promise<MarkStep> {
  const heard = await hearMarks();
  const page = await context.newPage();
  await page.addInitScript(tellMarks, heard.url);
  await gotoBarePage(page, served.site.url);
  const pid = await contentProcessOf(page);
  const died = new Promise<MarkStep>((resolve, reject) => {
    let marked: MarkStep | undefined;
    heard.hear(async (step) => {
      const isStored = step.step === 'stored' && step.phase === phase;
      const goesOn = step.step !== 'stored' && step.key === marked?.key;
      if (goesOn) await sleep(STORING_MS);
      if (isStored || goesOn) {
        await killProcess(pid);
        resolve(marked as MarkStep);
      } else if (step.phase === phase) marked = step;
    });
    const opening = page.evaluate(openModel, { ...address, options });
    opening
      .then(() => act && page.evaluate(act))
      .then(() => setTimeout(() => reject(new Error(`it lived through ${phase}`)), 2_000))
      .catch(() => {});
  });
  try {
    return await died;
  } finally {
    await heard.close();
    await page.close();
  }
}

/** In the page. */
function runOnce(): Promise<unknown> {
  const { model, one } = globalThis as Scope;
  return model.run(one());
}

/** In the page, before its first script: as a store does that has no room. */
function refuseDeaths(): void {
  const { put } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function (record, key) {
    if (/\/d\/digits$/.test(String(key))) throw new DOMException('full', 'QuotaExceededError');
    return put.call(this, record, key);
  };
}

/** In the page: runs the model without a pause. */
function runOn(): void {
  const scope = globalThis as Scope;
  scope.model.run(scope.one()).then(runOn, (error: unknown) => {
    scope.failure = error;
  });
}

/** In the page: good runs of the first version that the store knows of. */
async function goodRuns(): Promise<number> {
  const opening = indexedDB.open('nearside-models');
  await new Promise((resolve) => {
    opening.onsuccess = resolve;
  });
  const objects = opening.result.transaction('nearside').objectStore('nearside');
  const keys = objects.getAllKeys();
  const values = objects.getAll();
  await new Promise((resolve) => {
    values.onsuccess = resolve;
  });
  opening.result.close();
  const found = keys.result.findIndex((key) => /\/d\/digits$/.test(String(key)));
  return values.result[found]?.runs?.[0]?.good ?? 0;
}

/** In the page. @returns the error, where it did not open */
async function openModel({ url, trust, options }: Scope): Promise<Scope> {
  const scope = globalThis as Scope;
  scope.address = { url, trust };
  try {
    scope.model = await scope.nearside.open(url, { trust, ...options });
    return undefined;
  } catch (error) {
    const { code, message, retryable } = error as Scope;
    return { code, message, retryable };
  }
}

/** In the page. */
function lost(): Scope {
  return (globalThis as Scope).model.stats().opening.lost;
}

/** Marks in the store, and locks of marks. */
async function standing(page: Page): Promise<{ marks: string[]; locks: string[] }> {
  return page.evaluate(async () => {
    const opening = indexedDB.open('nearside-models');
    await new Promise((resolve) => {
      opening.onsuccess = resolve;
    });
    const reading = opening.result.transaction('nearside').objectStore('nearside').getAllKeys();
    await new Promise((resolve) => {
      reading.onsuccess = resolve;
    });
    opening.result.close();
    const { held = [] } = await navigator.locks.query();
    return {
      marks: reading.result.map(String).filter((key) => /\/m\//.test(key)),
      locks: held.map(({ name = '' }) => name).filter((name) => name.startsWith('nearside ')),
    };
  });
}

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
