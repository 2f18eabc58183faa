import { type BrowserContext, expect, type Page, test } from '@playwright/test';
import { keepWriteLocks } from './keep-write-locks.js';
import { gotoBarePage } from './serve-bare-page.js';
import { serveForTests } from './serve-for-tests.js';

const served = serveForTests();

/**
 * Has no database of the origin answer any more, in pages or workers: each waits behind an upgrade, and that
 * for another tab, which does not let go.
 */
async function blockDatabases(context: BrowserContext): Promise<void> {
  const holder = await context.newPage();
  await gotoBarePage(holder, served.site.url);
  await holder.evaluate(async () => {
    for (const name of ['nearside-models', 'nearside-reports']) {
      await new Promise((resolve) => {
        const held = indexedDB.open(name);
        held.onupgradeneeded = () => held.result.createObjectStore('nearside');
        held.onsuccess = resolve;
      });
      await new Promise((resolve) => {
        indexedDB.open(name, 2).onblocked = resolve;
      });
    }
  });
}

/** Has no change of a database come about any more: another tab keeps its write lock. */
async function keepAnothersLocks(context: BrowserContext): Promise<void> {
  const holder = await context.newPage();
  await gotoBarePage(holder, served.site.url);
  await holder.evaluate(keepWriteLocks, ['nearside-models', 'nearside-reports']);
}

async function openDigits(page: Page): Promise<number> {
  await page.route('**/v1/reports', (route) => route.fulfill({ status: 204 }));
  return page.evaluate(
    async ({ url, trust, report }) => {
      const scope = globalThis as Scope;
      const startMs = performance.now();
      scope.model = await scope.nearside.open(url, { trust, report });
      return performance.now() - startMs;
    },
    { ...served.digits.address, report: '/v1/reports' },
  );
}

/** Runs it, and closes it when what is counted is there to be reported. @returns how long closing took, ms */
function runAndClose(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const { model, one } = globalThis as Scope;
    const { output } = await model.run(one());
    if (output[0].label !== '1') throw new Error('expected a one');
    while (!model.stats().latencyMs.p50) await new Promise(requestAnimationFrame); // it counts
    const startMs = performance.now();
    await model.close();
    return performance.now() - startMs;
  });
}

// Both limits are many times what is expected, and a fraction of what it was without any.

test('with databases that never answer a model opens in memory, and closes within seconds', async ({
  page,
  context,
}) => {
  await blockDatabases(context);
  await gotoBarePage(page, served.site.url);
  expect(await openDigits(page)).toBeLessThan(15_000);
  expect(await runAndClose(page)).toBeLessThan(7_000);
  await expect.poll(() => page.workers().length).toBe(0);
});

test('where databases stop answering a model that is open runs on, and closes within seconds', async ({
  page,
  context,
}) => {
  await gotoBarePage(page, served.site.url);
  await openDigits(page);
  await keepAnothersLocks(context);
  expect(await runAndClose(page)).toBeLessThan(7_000);
  await expect.poll(() => page.workers().length).toBe(0);
});

test('a question to the user that nobody answers ends with the model that asked it', async ({
  page,
}) => {
  await gotoBarePage(page, served.site.url);
  await openDigits(page);
  const asked = await page.evaluate(async () => {
    const { model } = globalThis as Scope;
    // As in a browser that asks; those that can be driven answer by themselves.
    const asking = new Promise((resolve) => {
      navigator.storage.persist = () => {
        resolve(undefined);
        return new Promise(() => {});
      };
    });
    const asked = model.storage({ persist: true }).catch((error: Scope) => error.code);
    await asking;
    await model.close();
    return asked;
  });
  expect(asked).toBe('closed');
});

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
