import { createServer } from 'node:http';
import { expect, type Frame, type Page, test } from '@playwright/test';
import { listen } from '../scripts/listen.mjs';
import { gotoBarePage } from './serve-bare-page.js';
import { serveForTests } from './serve-for-tests.js';

const served = serveForTests();

test('an app deletes all databases while a model is open, which goes on; the next open fetches anew', async ({
  page,
}) => {
  await page.route('**/v1/reports', (route) => route.fulfill({ status: 204 }));
  await gotoBarePage(page, served.site.url);
  const seen = await page.evaluate(
    async ({ url, trust, report }) => {
      const { nearside, one } = globalThis as Scope;
      const deleteAll = async () => {
        const names = (await indexedDB.databases()).map(({ name = '' }) => name).sort();
        await Promise.all(
          names.map(
            (name) =>
              new Promise((resolve) => {
                indexedDB.deleteDatabase(name).onsuccess = resolve;
              }),
          ),
        );
        return names;
      };
      const use = async (model: Scope) => {
        const { output } = await model.run(one());
        await model.update();
        const { kind, degraded } = await model.storage();
        return { label: output[0].label, kind, degraded };
      };
      const model = await nearside.open(url, { trust, report });
      const before = await use(model);
      while (!model.stats().latencyMs.p50) await new Promise(requestAnimationFrame); // it counts
      const startMs = performance.now();
      const names = await deleteAll();
      const spentMs = performance.now() - startMs;
      const after = await use(model);
      await nearside.clear({ model: 'digits' });
      await model.close();
      await deleteAll();
      const again = await nearside.open(url, { trust });
      const { origin } = again.stats().opening;
      const anew = await use(again);
      await again.close();
      return { names, spentMs, uses: [before, after, anew], origin };
    },
    { ...served.digits.address, report: '/v1/reports' },
  );
  expect(seen.names).toEqual(['nearside-models', 'nearside-reports']);
  expect(seen.spentMs).toBeLessThan(2_000); // for ever, where a connection does not give way
  const good = { label: '1', kind: 'persistent', degraded: undefined };
  expect(seen.uses).toEqual([good, good, good]);
  expect(seen.origin).toBe('network');
});

/** The site as anybody may read it: to a frame without an origin all is another's. */
async function serveToAll() {
  const server = createServer(async ({ url = '' }, response) => {
    const { status, headers, body } = await fetch(new URL(url, served.site.url));
    const type = headers.get('content-type') ?? '';
    response.writeHead(status, { 'content-type': type, 'access-control-allow-origin': '*' });
    try {
      for await (const part of body ?? []) response.write(part);
      response.end();
    } catch {
      response.destroy(); // the test is over, and the site is gone
    }
  });
  return listen(server, 0);
}

/** It may open no database and hold no lock. */
async function openSandboxedFrame(page: Page, url: string): Promise<Frame> {
  await gotoBarePage(page, url);
  await page.evaluate(() => {
    const frame = document.createElement('iframe');
    frame.setAttribute('sandbox', 'allow-scripts');
    frame.src = location.href;
    document.body.append(frame);
  });
  await expect.poll(() => page.frames().length).toBe(2);
  const frame = page.frames()[1] as Frame;
  await frame.waitForSelector('html[data-ready=yes]', { state: 'attached' });
  return frame;
}

test('in a sandboxed frame clear says that there is no store, and a model opens in memory if its worker is secure', async ({
  page,
  browserName,
}) => {
  const open = await serveToAll();
  const frame = await openSandboxedFrame(page, open.url);
  const ends = await frame.evaluate(async ({ url, trust }) => {
    const { nearside, one } = globalThis as Scope;
    // It may start no worker but from a Blob.
    const worker = (backend: string) => {
      const [script] = nearside.runtimeAssets({ backends: [backend] });
      const code = new Blob([`import(${JSON.stringify(script)})`], { type: 'text/javascript' });
      return new Worker(URL.createObjectURL(code));
    };
    const use = async () => {
      const model = await nearside.open(url, { trust, worker, backend: 'onnx-wasm' });
      const { output } = await model.run(one());
      await model.update();
      const { degraded } = await model.storage({ persist: true });
      await model.close();
      return `${output[0].label}, ${degraded}`;
    };
    const endOf = (call: Promise<unknown>) =>
      call.catch((error: Scope) => `${error.name} ${error.code}`);
    return [
      await endOf(nearside.clear({ model: 'digits' })),
      await endOf(nearside.clear({ everything: true })),
      await endOf(use()),
    ];
  }, served.digits.address);
  await open.close();
  expect(ends).toEqual([
    'NearsideError store-unavailable',
    'NearsideError store-unavailable',
    // Chromium has no WebCrypto in such a worker.
    browserName === 'firefox' ? '1, store-unavailable' : 'NearsideError insecure-context',
  ]);
});

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
