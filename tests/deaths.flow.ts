import { expect, type Page, test } from '@playwright/test';
import {
  contentProcessOf,
  isAlive,
  killProcess,
  residentBytes,
} from '../scripts/kills/content-process.mjs';
import {
  type MarkStep,
  standingMarks,
  startMarkWatch,
  watchMarks,
} from '../scripts/kills/mark-watch.mjs';
import { startPhone } from '../scripts/kills/phone.mjs';
import { serveForTests } from './serve-for-tests.js';

const served = serveForTests();

test.describe('tools', () => {
  test('of several tabs the one that is named is killed, and the others go on', async ({
    context,
  }) => {
    const pages: Page[] = [];
    for (let i = 0; i < 3; i += 1) {
      const page = await context.newPage();
      await page.goto(served.site.url);
      pages.push(page);
    }
    const [first, named, last] = pages as [Page, Page, Page];
    const pid = await contentProcessOf(named);
    const crash = named.waitForEvent('crash');
    await killProcess(pid);
    await crash;
    expect(isAlive(pid)).toBe(false);
    expect(await Promise.all([first, last].map((page) => page.evaluate(() => 1 + 1)))).toEqual([
      2, 2,
    ]);
  });

  test('a page whose mark is stored does nothing more until it is killed, and the next has its store', async ({
    context,
  }) => {
    const watch = await startMarkWatch();
    await context.addInitScript(watchMarks, watch.url);
    const page = await context.newPage();
    await page.goto(served.site.url);
    const pid = await contentProcessOf(page);
    const killed = new Promise<MarkStep>((resolve) => {
      watch.hear(async (step) => {
        if (step.step !== 'stored' || step.phase !== 'loading') return;
        await killProcess(pid);
        resolve(step);
      });
    });
    await page.evaluate(markInTurn, ['opening', 'loading', 'running']).catch(() => {});
    expect(await killed).toMatchObject({ key: 'x/m/digits/1', backend: 'onnx-wasm' });
    expect(standingMarks(watch.seen).map(({ may }) => may.map((mark) => mark?.phase))).toEqual([
      ['loading'],
    ]);
    const next = await context.newPage();
    await next.goto(served.site.url);
    expect(await next.evaluate(readMark)).toMatchObject({ phase: 'loading' });
    await watch.close();
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

/** In the page: holds as many megabytes from now on, each page of them written. */
async function take(megabytes: number): Promise<void> {
  const held: Uint8Array[] = [];
  Object.assign(globalThis, { held });
  for (let i = 0; i < megabytes; i += 1) {
    held.push(new Uint8Array(1e6).fill(1));
    await new Promise((resolve) => setTimeout(resolve));
  }
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
