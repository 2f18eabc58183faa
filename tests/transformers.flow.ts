import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { buildPage } from '../bench/build-page.mjs';
import { serveSite } from '../scripts/serve-site.mjs';

/** Written, with what PyTorch answers, by `make_bert.py` beside it. */
const BERT = 'packages/publisher/fixtures/bert';
const TEXT = 'Hello, world!';
const ANSWER = { label: 'calm', score: expect.closeTo(0.62972, 4) };

const MODELS = '**/models/**';

let dir: string;
let site: Awaited<ReturnType<typeof serveSite>>;
let integrity: string;

test.beforeAll(async () => {
  const { sealFiles } = await import('../packages/publisher/dist/index.js');
  dir = await mkdtemp(join(tmpdir(), 'nearside-transformers-'));
  await buildPage(new URL('../bench/peers/run.mjs', import.meta.url).href, dir, ['verified']);
  ({ integrity } = await sealFiles({ directory: BERT, out: join(dir, 'models/bert') }));
  await cp(BERT, join(dir, 'models/plain'), { recursive: true });
  site = await serveSite({ dir, config: {}, port: 0 });
});

test.afterAll(async () => {
  await site.close();
  await rm(dir, { recursive: true });
});

async function visit(page: Page): Promise<void> {
  await page.goto(`${site.url}verified.html`);
  await page.waitForSelector('html[data-state=ready]', { state: 'attached' });
}

/** @returns what transformers.js answers, or the error that it rejects with */
function classify(page: Page, options: { model?: string; text?: string } = {}) {
  const { text = TEXT, ...given } = options;
  return page.evaluate(
    async ([text, options]) => {
      const { classify } = globalThis as unknown as Scope;
      return classify(text, options).catch(({ code, message }) => ({ code, message }));
    },
    [text, { integrity, ...given }] as const,
  );
}

interface Scope {
  classify(text: string, options: object): Promise<object>;
  readFiles(names: readonly string[], options: object): Promise<number>;
}

test('a pipeline of transformers.js answers from verified files, then offline, and never from a changed byte @long', async ({
  page,
}) => {
  await visit(page);
  expect(await classify(page)).toMatchObject(ANSWER);

  await page.route(MODELS, (route) => route.abort('internetdisconnected'));
  await visit(page);
  expect(await classify(page)).toMatchObject(ANSWER);

  await visit(page);
  await changeStoredBytes(page);
  const refused = await classify(page);
  expect(refused).toMatchObject({ code: 'digest-mismatch' });
  expect(refused).not.toHaveProperty('label');

  await page.unroute(MODELS);
  expect(await classify(page)).toMatchObject(ANSWER); // fetched anew
  expect(await page.evaluate(() => caches.keys())).toEqual([]);
});

test('any other address is refused and not asked @long', async ({ page }) => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await visit(page);
  const refused = await classify(page, { model: 'plain' });
  expect(refused).toMatchObject({ code: 'name-unsafe' });
  expect(asked.filter((path) => path.startsWith('/models/'))).toEqual([]);
});

test('two tabs that open the folder at once fetch each of its chunks once @long', async ({
  context,
}) => {
  const asked: string[] = [];
  context.on('request', (request) => asked.push(new URL(request.url()).pathname));
  const tabs = [await context.newPage(), await context.newPage()];
  for (const tab of tabs) await visit(tab);
  const names = ['config.json', 'onnx/model.onnx'];
  const read = (tab: Page) =>
    tab.evaluate(
      ([names, integrity]) => (globalThis as unknown as Scope).readFiles(names, { integrity }),
      [names, integrity] as const,
    );
  await Promise.all(tabs.map(read));
  const chunks = asked.filter((path) => path.startsWith('/models/bert/chunks/'));
  expect(chunks.length).toBeGreaterThan(0);
  expect(new Set(chunks).size).toBe(chunks.length);
});

/** Changes a byte of each stored chunk. */
function changeStoredBytes(page: Page): Promise<void> {
  return page.evaluate(async () => {
    const done = <Value>(request: IDBRequest<Value>) =>
      new Promise<Value>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const database = await done(indexedDB.open('nearside-models'));
    const open = () => database.transaction('nearside', 'readwrite').objectStore('nearside');
    for (const key of await done(open().getAllKeys(IDBKeyRange.bound('c/', 'c0')))) {
      const stored: Blob = await done(open().get(key));
      const bytes = new Uint8Array(await stored.arrayBuffer());
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      await done(open().put(new Blob([bytes]), key));
    }
    database.close();
  });
}
