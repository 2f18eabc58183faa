import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, type Page } from '@playwright/test';
import { root } from '../scripts/root.mjs';
import { makePatient, makeUnprovable, takeTensorsOnly } from './change-digits.js';
import { test } from './cleared-page.js';
import { serveDigits } from './digits-repository.js';
import { gotoBarePage, serveBarePage } from './serve-bare-page.js';
import { shortenLimit } from './shorten-limit.js';

let site: Awaited<ReturnType<typeof serveBarePage>>;
let digits: Awaited<ReturnType<typeof serveDigits>>;

// The last long file: its tests, which share nothing but the page, are dealt out to all workers.
test.describe.configure({ mode: 'parallel' });

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

/** The lighter runtime where none is the question: it starts in half the time. */
const MANUAL = { policy: { update: 'manual' }, backend: 'tfjs-wasm' };
/** Of the variants those of this one are changed to hang, or to compute something else. */
const ON_ONNX = { ...MANUAL, backend: 'onnx-wasm' };

/** What loads has this long on a busy machine; what hangs a second, with `shortenLimit`. */
const WARM_UP_MS = 80_000;

/** Opens the model in the page as `model`, and writes down what it tells as `told`. */
async function openDigits(page: Page, options: object = MANUAL): Promise<string> {
  return page.evaluate(
    async ([{ url, trust }, given]) => {
      const scope = globalThis as Scope;
      scope.model = await scope.nearside.open(url, { trust, ...given });
      scope.told = [];
      for (const name of TELLING) {
        scope.model.on(name, (event: object) => scope.told.push({ name, ...event }));
      }
      return scope.model.stats().version;
    },
    [digits.address, options] as const,
  );
}

/** What one run gives: the best label, and the version that said so. */
function runOne(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const scope = globalThis as Scope;
    const { output, meta } = await scope.model.run(scope.one());
    return `${output[0].label} by ${meta.version}`;
  });
}

/** `ready 1.1.0`, or the code it failed with. */
function update(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const scope = globalThis as Scope;
    return scope.model.update().then(
      (release: { version: string } | undefined) => `ready ${release?.version ?? 'nothing'}`,
      (error: { code?: string }) => error.code ?? String(error),
    );
  });
}

function told(page: Page): Promise<object[]> {
  return page.evaluate(() => (globalThis as Scope).told);
}

/** Chunks go behind our back, as a browser or a user may take them. */
function evict(page: Page, chunks: readonly string[]): Promise<void> {
  return changeStored(
    page,
    (objects, keys) => {
      for (const key of keys) objects.delete(`c/${key}`);
    },
    chunks,
  );
}

/** What was asked of the repository less than a minute ago is not asked again. */
function letAMinutePass(page: Page): Promise<void> {
  return changeStored(page, (objects) => {
    objects.openCursor().onsuccess = ({ target }) => {
      const cursor = (target as IDBRequest<IDBCursorWithValue | null>).result;
      if (String(cursor?.key).endsWith('/t/chain')) {
        cursor?.update({ ...cursor.value, arrivedMs: cursor.value.arrivedMs - 60_000 });
      }
      cursor?.continue();
    };
  });
}

/** Writes into the page's IndexedDB as anybody on the page's origin can. */
async function changeStored(
  page: Page,
  change: (objects: IDBObjectStore, words: readonly string[]) => void,
  words: readonly string[] = [],
): Promise<void> {
  await page.evaluate(
    async ([change, words]) => {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open('nearside-models');
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      const transaction = database.transaction('nearside', 'readwrite');
      new Function('objects', 'words', `(${change})(objects, words)`)(
        transaction.objectStore('nearside'),
        words,
      );
      await new Promise((resolve) => {
        transaction.oncomplete = resolve;
      });
      database.close();
    },
    [change.toString(), words] as const,
  );
}

test('a new version takes over between two runs, and no run fails', async ({ page }) => {
  await openDigits(page);
  await digits.release({ version: '1.1.0', sequence: 2 });
  const versions = await page.evaluate(async () => {
    const scope = globalThis as Scope;
    const seen: string[] = [];
    let isDone = false;
    const running = (async () => {
      while (!isDone) seen.push((await scope.model.run(scope.one())).meta.version);
    })();
    await scope.model.update();
    const run = async () => (await scope.model.run(scope.one())).meta.version;
    while ((await run()) === '1.0.0'); // or the test's time is over
    isDone = true;
    await running;
    seen.push(await run());
    return seen;
  });
  expect(versions.at(0)).toBe('1.0.0');
  expect(versions.at(-1)).toBe('1.1.0');
  expect(versions).toEqual([...versions].sort()); // there is no way back
  expect(await told(page)).toEqual([
    { name: 'version-ready', version: '1.1.0', sequence: 2 },
    { name: 'version-swapped', from: '1.0.0', to: '1.1.0' },
  ]);
  expect(await page.evaluate(() => (globalThis as Scope).model.stats().errors)).toEqual({});
});

test('with the defaults, a page that was opened from the store finds the new version itself', async ({
  page,
}) => {
  await openDigits(page);
  await digits.release({ version: '1.1.0', sequence: 2 });
  await letAMinutePass(page);
  await page.reload();
  await page.waitForSelector('html[data-ready=yes]', { state: 'attached' });
  expect(await openDigits(page, {})).toBe('1.0.0');
  await expect.poll(() => runOne(page)).toBe('1 by 1.1.0');
});

test('a candidate that hangs in its warm-up is ended, has two tries, and never stops the old one', async ({
  page,
}) => {
  await openDigits(page, { ...ON_ONNX, policy: { update: 'manual', warmUpMs: WARM_UP_MS } });
  await digits.release({
    version: '1.1.0',
    sequence: 2,
    change: (source) => copyFile(`${root}tests/fixtures/hanging.onnx`, `${source}/int8/model.onnx`),
  });
  for (const _ of ['first', 'second']) {
    const [outcome, result] = await shortenLimit(page, WARM_UP_MS, () =>
      Promise.all([update(page), runOne(page)]),
    );
    expect([outcome, result]).toEqual(['backend-failed', '1 by 1.0.0']);
  }
  expect(await update(page)).toBe('ready nothing');
  expect(await told(page)).toEqual([
    { name: 'version-failed', version: '1.1.0', code: 'backend-failed' },
  ]);
});

test('a candidate that computes wrong numbers, and one that cannot be loaded, never serve', async ({
  page,
}) => {
  await openDigits(page, ON_ONNX);
  await digits.release({
    version: '1.1.0',
    sequence: 2,
    change: (source) => makeUnprovable(source),
  });
  expect(await update(page)).toBe('golden-mismatch');
  expect(await runOne(page)).toBe('1 by 1.0.0');

  await digits.release({
    version: '1.2.0',
    sequence: 3,
    change: (source) => writeFile(join(source, 'int8/model.onnx'), 'not a model'),
  });
  expect(await update(page)).toBe('backend-failed');
  expect(await runOne(page)).toBe('1 by 1.0.0');

  await digits.release({ version: '1.3.0', sequence: 4 });
  expect(await update(page)).toBe('ready 1.3.0');
  expect(await runOne(page)).toBe('1 by 1.3.0');
});

test('a version that is three times as slow over 20 runs gives way to the one before, from the device, and never comes back', async ({
  page,
}) => {
  await openDigits(page, ON_ONNX);
  let turns = 20_000;
  await page.evaluate(runTwenty, turns);
  await digits.release({ version: '1.1.0', sequence: 2, change: makePatient });
  expect(await update(page)).toBe('ready 1.1.0');
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  const runLonger = () => {
    turns *= 2; // until a run takes 50 ms on this machine
    return page.evaluate(runTwenty, turns);
  };
  await expect.poll(runLonger).toContain('1.0.0');
  const { origin } = new URL(digits.address.url);
  expect(asked.filter((url) => url.startsWith(origin))).toEqual([]);
  expect(await update(page)).toBe('ready nothing');
  expect(await told(page)).toEqual([
    { name: 'version-ready', version: '1.1.0', sequence: 2 },
    { name: 'version-swapped', from: '1.0.0', to: '1.1.0' },
    { name: 'version-rolled-back', from: '1.1.0', to: '1.0.0', code: 'version-slow' },
  ]);
  await page.reload();
  await page.waitForSelector('html[data-ready=yes]', { state: 'attached' });
  expect(await openDigits(page, ON_ONNX)).toBe('1.0.0');
});

/** A patient model is kept busy for so many turns, another one is not. @returns the versions that answered */
async function runTwenty(turns: number): Promise<string[]> {
  const scope = globalThis as Scope;
  const data = new Float32Array(28 * 28).fill(turns);
  const pixel_values = { datatype: 'FP32', shape: [1, 1, 28, 28], data };
  const seen = new Set<string>();
  for (let i = 0; i < 20; i += 1) {
    seen.add((await scope.model.run({ tensors: { pixel_values } })).meta.version);
  }
  return [...seen];
}

test('a version revoked while it runs gives way to the one before; with none left, runs are refused', async ({
  page,
}) => {
  await digits.release({ version: '1.1.0', sequence: 2 });
  expect(await openDigits(page)).toBe('1.1.0');
  await digits.revoke('1.1.0');
  expect(await update(page)).toBe('ready 1.0.0');
  expect(await runOne(page)).toBe('1 by 1.0.0');

  await digits.revoke('1.0.0');
  expect(await update(page)).toBe('ready nothing');
  const refused = await page.evaluate(async () => {
    const scope = globalThis as Scope;
    return scope.model.run(scope.one()).catch((error: { code: string }) => error.code);
  });
  expect(refused).toBe('version-revoked');
});

const STORE_ENDS: Record<string, (page: Page) => Promise<unknown>> = {
  'clear()': (page) =>
    page.evaluate(() => (globalThis as Scope).nearside.clear({ model: 'digits' })),
  'its databases were deleted': (page) =>
    page.evaluate(async () => {
      for (const { name = '' } of await indexedDB.databases()) {
        await new Promise((resolve) => {
          indexedDB.deleteDatabase(name).onsuccess = resolve;
        });
      }
    }),
  "the site's data were cleared": async (page) => {
    const session = await page.context().newCDPSession(page);
    await session.send('Storage.clearDataForOrigin', { origin: site.url, storageTypes: 'all' });
  },
};

for (const [how, end] of Object.entries(STORE_ENDS)) {
  test(`a revocation refuses runs of an open model after ${how}`, async ({ page }) => {
    await openDigits(page);
    expect(await runOne(page)).toBe('1 by 1.0.0');
    await end(page);
    await digits.revoke('1.0.0');
    expect(await update(page)).toBe('ready nothing');
    await expect(runOne(page)).rejects.toThrow('has revoked it');
    await end(page);
    await update(page);
    await expect(runOne(page)).rejects.toThrow('has revoked it');
  });
}

test('when the weights of the active version are gone and there is no network, the one before serves', async ({
  page,
}) => {
  await openDigits(page, ON_ONNX);
  await digits.release({
    version: '1.1.0',
    sequence: 2,
    change: async (source) => {
      // The same network with its bytes in another order of fields: new chunks, the same numbers.
      const file = join(source, 'int8/model.onnx');
      const doc = Buffer.from([0x32, 0x03, 0x6e, 0x65, 0x77]); // ModelProto.doc_string = "new"
      await writeFile(file, Buffer.concat([await readFile(file), doc]));
    },
  });
  expect(await update(page)).toBe('ready 1.1.0');
  await page.evaluate(() => (globalThis as Scope).model.close());
  expect(await openDigits(page, ON_ONNX)).toBe('1.1.0');
  await page.evaluate(() => (globalThis as Scope).model.close());
  await digits.stop();
  await evict(page, await digits.chunksOf('1.1.0', 'int8/model.onnx'));

  expect(await openDigits(page, ON_ONNX)).toBe('1.0.0');
  expect(await runOne(page)).toBe('1 by 1.0.0');
  expect(await told(page)).toEqual([
    expect.objectContaining({ name: 'version-rolled-back', from: '1.1.0', to: '1.0.0' }),
  ]);

  await digits.start();
  expect(await update(page)).toBe('ready 1.1.0');
  expect(await runOne(page)).toBe('1 by 1.1.0');
});

test('a version with another interface serves from the next open on', async ({ page }) => {
  await openDigits(page);
  await digits.release({
    version: '2.0.0',
    sequence: 2,
    edit: takeTensorsOnly,
  });
  expect(await update(page)).toBe('ready 2.0.0');
  expect(await runOne(page)).toBe('1 by 1.0.0');
  expect(await told(page)).toEqual([{ name: 'version-ready', version: '2.0.0', sequence: 2 }]);
  await page.evaluate(() => (globalThis as Scope).model.close());
  expect(await openDigits(page)).toBe('2.0.0');
});

test('while another interface waits for the next open, a model comes back from rest as it was', async ({
  page,
}) => {
  await page.evaluate(async ({ url, trust }) => {
    const scope = globalThis as Scope;
    scope.engine = scope.nearside.createEngine({ idleMs: 50 });
    const options = { trust, backend: 'tfjs-wasm', policy: { update: 'manual' } };
    scope.model = await scope.engine.open(url, options);
  }, digits.address);
  const isResting = () =>
    page.evaluate(() => (globalThis as Scope).engine.stats().models[0].isResting);
  expect(await runOne(page)).toBe('1 by 1.0.0');
  await digits.release({
    version: '2.0.0',
    sequence: 2,
    edit: takeTensorsOnly,
  });
  expect(await update(page)).toBe('ready 2.0.0');
  expect(await runOne(page)).toBe('1 by 1.0.0');
  await expect.poll(isResting).toBe(true);
  expect(await runOne(page)).toBe('1 by 1.0.0');
  expect(await update(page)).toBe('ready nothing');
  await page.evaluate(() => (globalThis as Scope).engine.close());
  expect(await openDigits(page)).toBe('2.0.0');
});

test.describe(() => {
  test.use({ ownPage: true }); // its origin has no room, also after the test

  test('in a browser without room the model runs from memory and says why', async ({ page }) => {
    const session = await page.context().newCDPSession(page);
    await session.send('Storage.overrideQuotaForOrigin', { origin: site.url, quotaSize: 20_000 });
    expect(await openDigits(page)).toBe('1.0.0');
    expect(await runOne(page)).toBe('1 by 1.0.0');
    const storage = await page.evaluate(() => (globalThis as Scope).model.storage());
    expect(storage).toMatchObject({ kind: 'persistent', degraded: 'quota-exceeded' });
  });
});

test('storage() says what each version takes, and can ask the browser to keep it', async ({
  page,
}) => {
  await openDigits(page);
  await digits.release({ version: '1.1.0', sequence: 2 });
  await update(page);
  const storage = await page.evaluate(() => (globalThis as Scope).model.storage({ persist: true }));
  expect(storage.versions).toEqual([
    expect.objectContaining({ version: '1.1.0', role: 'active', sizeBytes: expect.any(Number) }),
    expect.objectContaining({ version: '1.0.0', role: 'previous' }),
  ]);
  expect(storage.versions[0].sizeBytes).toBeGreaterThan(20_000);
  expect(storage.quotaBytes).toBeGreaterThan(0);
  expect(typeof storage.persisted).toBe('boolean');
});

test('a download larger than the policy allows is refused before its first byte', async ({
  page,
}) => {
  const chunks: string[] = [];
  page.on('request', (request) => {
    if (request.url().includes('/chunks/')) chunks.push(request.url());
  });
  const code = await page.evaluate(async ({ url, trust }) => {
    const { nearside } = globalThis as Scope;
    return nearside
      .open(url, { trust, policy: { maxBytes: 10_000 } })
      .catch((error: { code: string }) => error.code);
  }, digits.address);
  expect(code).toBe('download-limit');
  expect(chunks).toEqual([]);
});

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
declare const TELLING: readonly string[];
