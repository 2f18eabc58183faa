import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { type BrowserContext, expect, type Page, test } from '@playwright/test';
import { publishDigits } from '../bench/deaths/digits.mjs';
import { killAtDrawnMoments } from '../bench/deaths/drawn-kills.mjs';
import { buildDeathsPage } from '../bench/deaths/run.mjs';
import { isInstalled } from '../scripts/browsers.mjs';
import { contentProcessOf, killProcess, residentBytes } from '../scripts/kills/content-process.mjs';
import { hearMarks, type MarkStep, standingMarks } from '../scripts/kills/hear-marks.mjs';
import { startPhone } from '../scripts/kills/phone.mjs';
import { tellMarks } from '../scripts/kills/tell-marks.mjs';
import { serveSite } from '../scripts/serve-site.mjs';
import { gotoBarePage } from './serve-bare-page.js';
import { serveForTests } from './serve-for-tests.js';

const served = serveForTests();

test.describe('tools', { tag: '@long' }, () => {
  test('a page whose mark is stored does nothing more until it is killed, and the next has its store', async ({
    context,
  }) => {
    const heard = await hearMarks();
    await context.addInitScript(tellMarks, heard.url);
    const page = await context.newPage();
    await page.goto(served.site.url);
    const pid = await contentProcessOf(page);
    const killed = new Promise<MarkStep>((resolve) => {
      heard.hear(async (step) => {
        if (step.step !== 'stored' || step.phase !== 'loading') return;
        await killProcess(pid);
        resolve(step);
      });
    });
    await page.evaluate(markInTurn, ['opening', 'loading', 'running']).catch(() => {});
    expect(await killed).toMatchObject({ key: 'x/m/digits/1', backend: 'onnx-wasm' });
    expect(standingMarks(heard.seen).map(({ may }) => may.map((mark) => mark?.phase))).toEqual([
      ['loading'],
    ]);
    const next = await context.newPage();
    await next.goto(served.site.url);
    expect(await next.evaluate(readMark)).toMatchObject({ phase: 'loading' });
    await heard.close();
  });

  test('the process of a page is known beside pages that compute without a pause', async ({
    context,
  }) => {
    const pages = await Promise.all([1, 2, 3].map(() => context.newPage()));
    for (const page of pages) await page.goto(served.site.url);
    const [idle, ...busy] = pages as [Page, ...Page[]];
    for (const page of busy) await page.evaluate(computeOn);
    const pids = [];
    for (const page of pages) pids.push(await contentProcessOf(page));
    expect(new Set(pids).size).toBe(3);
    const crash = idle.waitForEvent('crash');
    await killProcess(pids[0] as number);
    await crash;
    for (const page of busy) expect(await page.evaluate(() => 1 + 1)).toBe(2);
  });

  test('a phone kills the page that takes more than there is room for, and no other', async ({
    context,
  }) => {
    const [small, large] = [await context.newPage(), await context.newPage()];
    for (const page of [small, large]) await page.goto(served.site.url);
    const [smallPid, largePid] = [await contentProcessOf(small), await contentProcessOf(large)];
    const room = 100e6 + Math.max(residentBytes(smallPid), residentBytes(largePid));
    const phone = startPhone({ roomBytes: room });
    await small.evaluate(take, 30);
    const crash = large.waitForEvent('crash');
    await large.evaluate(take, 200).catch(() => {});
    await crash;
    phone.stop();
    expect(phone.kills.map(({ pid }) => pid)).toEqual([largePid]);
    expect(await small.evaluate(() => 1 + 1)).toBe(2);
  });
});

test('of a page that died, one that was hidden and one at work in another tab the first alone is a death', async ({
  context,
}) => {
  const [working, hidden, dying] = [await work(context), await work(context), await work(context)];
  await hidden.page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { value: 'hidden' });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  });
  await Promise.all([hidden.kill(), dying.kill()]);
  expect(await lostIn(context)).toEqual([expect.objectContaining({ phase: 'running' })]);
  expect(await working.page.evaluate(() => (globalThis as Scope).failure)).toBe(undefined);
});

test('a page that is killed while it counts a death leaves that death to the next, which counts both once', {
  tag: '@long',
}, async ({ context }) => {
  const first = await work(context);
  await first.kill();
  const heard = await hearMarks();
  const judging = await context.newPage();
  await judging.addInitScript(tellMarks, heard.url);
  await gotoBarePage(judging, served.site.url);
  const pid = await contentProcessOf(judging);
  const killed = new Promise<void>((resolve) => {
    heard.hear(async ({ step, key }) => {
      if (step !== 'removing' || heard.seen.some((own) => own.step === 'stored' && own.key === key))
        return;
      await killProcess(pid);
      resolve();
    });
  });
  await judging.evaluate(openAndRun, served.digits.address).catch(() => {});
  await killed;
  heard.hear(undefined);
  const phases = (await lostIn(context)).map(({ phase }) => phase);
  expect(phases.sort()).toEqual(['opening', 'running']);
  expect(await lostIn(context)).toHaveLength(2);
  await heard.close();
});

test('a page that dies each time `canRun` tries a backend dies once of each, and is told that it is unknown', {
  tag: '@long',
}, async ({ context }) => {
  const heard = await hearMarks();
  const kills: unknown[] = [];
  const visit = async () => {
    const page = await context.newPage();
    await page.addInitScript(tellMarks, heard.url);
    await gotoBarePage(page, served.site.url);
    const pid = await contentProcessOf(page);
    heard.hear(async ({ step, phase, backend, variant }) => {
      if (step !== 'stored' || phase !== 'tuning') return;
      kills.push(`${variant} on ${backend}`);
      await killProcess(pid);
    });
    const answer = await page
      .evaluate(askWhetherItRuns, served.digits.address)
      .catch(() => undefined);
    heard.hear(undefined);
    return answer;
  };
  const answers = [await visit(), await visit(), await visit(), await visit()];
  expect(kills.length).toBeLessThanOrEqual(3);
  expect(new Set(kills).size).toBe(kills.length);
  expect(answers.at(-1)).toMatchObject({ verdict: 'unknown' });
  expect(await lostIn(context)).toEqual(
    kills.map(() => expect.objectContaining({ phase: 'tuning' })),
  );
  await heard.close();
});

for (const engine of ['chromium', 'firefox', 'webkit'] as const) {
  test(`killed at drawn moments of each phase, a page is found once and blamed rightly, in ${engine}`, {
    tag: '@long',
  }, async () => {
    test.skip(
      engine !== 'chromium' && !isInstalled(engine),
      `${engine} is not installed: \`npm run test:long\` installs Chromium alone`,
    );
    test.setTimeout(900_000);
    const dir = await mkdtemp(`${tmpdir()}/nearside-deaths-`);
    await buildDeathsPage(`${dir}/page`);
    const site = await serveSite({ dir: `${dir}/page`, config: {}, port: 0 });
    const digits = await publishDigits(`${dir}/models`);
    const trials = await killAtDrawnMoments(engine, { site: site.url, digits, kills: 6 });
    expect(trials.filter(({ fault }) => fault !== undefined)).toEqual([]);
    await Promise.all([site.close(), digits.close()]);
    await rm(dir, { recursive: true, force: true });
  });
}

/** A page of its own that runs the model without a pause. */
async function work(context: BrowserContext) {
  const page = await context.newPage();
  await gotoBarePage(page, served.site.url);
  const pid = await contentProcessOf(page);
  await page.evaluate(openAndRun, served.digits.address);
  await expect.poll(() => page.evaluate(isMarkedAsRunning)).toBe(true);
  return { page, kill: () => killProcess(pid) };
}

/** In the page: opens the model, runs it once, and goes on with runs that nobody waits for. */
async function openAndRun({ url, trust }: { url: string; trust: string }): Promise<void> {
  const scope = globalThis as Scope;
  const model = await scope.nearside.open(url, { trust, tune: 'off' });
  await model.run(scope.one());
  const goOn = async () => {
    for (;;) await model.run(scope.one());
  };
  goOn().catch((error) => {
    scope.failure = error;
  });
}

/** In the page. */
function askWhetherItRuns({ url, trust }: { url: string; trust: string }): Promise<unknown> {
  return (globalThis as Scope).nearside.canRun(url, { trust });
}

/** In the page: the store has its mark of a run. */
async function isMarkedAsRunning(): Promise<boolean> {
  const opening = indexedDB.open('nearside-models');
  await new Promise((resolve) => {
    opening.onsuccess = resolve;
  });
  const reading = opening.result.transaction('nearside').objectStore('nearside').getAll();
  await new Promise((resolve) => {
    reading.onsuccess = resolve;
  });
  opening.result.close();
  return reading.result.some(
    (record) => record?.phase === 'running' && record.pageMs === performance.timeOrigin,
  );
}

/** Deaths that one more page finds. */
async function lostIn(context: BrowserContext): Promise<{ phase: string }[]> {
  const page = await context.newPage();
  await gotoBarePage(page, served.site.url);
  const lost = await page.evaluate(async ({ url, trust }) => {
    const model = await (globalThis as Scope).nearside.open(url, { trust, tune: 'off' });
    const { lost } = model.stats().opening;
    await model.close();
    return lost;
  }, served.digits.address);
  await page.close();
  return lost;
}

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;

/** In the page: holds as many megabytes from now on, each page of them written. */
async function take(megabytes: number): Promise<void> {
  const held: Uint8Array[] = [];
  Object.assign(globalThis, { held });
  for (let i = 0; i < megabytes; i += 1) {
    held.push(new Uint8Array(1e6).fill(1));
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** In the page: leaves its thread free for a moment now and then. */
function computeOn(): void {
  const endMs = performance.now() + 30;
  while (performance.now() < endMs);
  setTimeout(computeOn);
}

/** In the page: stores one mark after the other. */
async function markInTurn(phases: string[]): Promise<void> {
  const opening = indexedDB.open('marks');
  opening.onupgradeneeded = () => opening.result.createObjectStore('all');
  await new Promise((resolve) => {
    opening.onsuccess = resolve;
  });
  for (const phase of phases) {
    const transaction = opening.result.transaction('all', 'readwrite');
    transaction.objectStore('all').put({ phase, backend: 'onnx-wasm' }, 'x/m/digits/1');
    await new Promise((resolve) => {
      transaction.oncomplete = resolve;
    });
  }
}

/** In the page. */
async function readMark(): Promise<unknown> {
  const opening = indexedDB.open('marks');
  await new Promise((resolve) => {
    opening.onsuccess = resolve;
  });
  const reading = opening.result.transaction('all').objectStore('all').get('x/m/digits/1');
  await new Promise((resolve) => {
    reading.onsuccess = resolve;
  });
  return reading.result;
}
