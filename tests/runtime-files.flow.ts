import { createServer, type ServerResponse } from 'node:http';
import { cpus } from 'node:os';
import { expect, type Page, test } from '@playwright/test';
import { listen } from '../scripts/listen.mjs';
import { gotoBarePage } from './serve-bare-page.js';
import { serveForTests } from './serve-for-tests.js';

/** How servers, caches and service workers hand out a runtime's wasm file, and what becomes of it. */

const served = serveForTests();

/** Answers a request for the wasm file with its bytes, the `count`th time. */
type Answer = (response: ServerResponse, wasm: Buffer, count: number) => void;

/** The site, with an answer of the test's own for wasm files. */
async function serveWasm(answer: Answer) {
  let count = 0;
  const server = createServer(async ({ url = '' }, response) => {
    if (url === '/made-up.js') {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(MADE_UP);
      return;
    }
    const { status, headers, body } = await fetch(new URL(url, served.site.url));
    const parts: Uint8Array[] = [];
    for await (const part of body ?? []) parts.push(part);
    const bytes = Buffer.concat(parts);
    for (const [name, value] of headers) if (KEPT.test(name)) response.setHeader(name, value);
    if (url.includes('.wasm')) {
      count += 1;
      answer(response, bytes, count);
    } else response.writeHead(status).end(bytes);
  });
  return { ...(await listen(server, 0)), asked: () => count };
}

const KEPT = /^(?:content-type|cross-origin-)/;

/** A service worker that puts together what it answers. */
const MADE_UP = `
self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(clients.claim()));
self.addEventListener('fetch', (event) => {
  if (!event.request.url.includes('.wasm')) return;
  event.respondWith((async () => {
    const bytes = await (await fetch(event.request)).arrayBuffer();
    return new Response(bytes, { headers: { 'content-type': 'application/wasm' } });
  })());
});
`;

/** What a first visit ends with: the backend and the phases of progress, or the error. */
async function firstResult(page: Page, url: string, backend = 'tfjs-wasm') {
  await gotoBarePage(page, url);
  return page.evaluate(
    async ({ url, trust, backend }) => {
      const { nearside, one } = globalThis as Scope;
      const seen: Scope[] = [];
      try {
        const onProgress = (progress: Scope) => seen.push(progress);
        const model = await nearside.open(url, { trust, backend, onProgress });
        const { output, meta } = await model.run(one());
        await model.close();
        const { ratio } = seen.at(-1);
        return { label: output[0].label, backend: meta.backend, threads: meta.threads, ratio };
      } catch (error) {
        const { code, details } = error as Scope;
        return { code, got: details?.got };
      }
    },
    { ...served.digits.address, backend },
  );
}

const GOOD = { label: '1', backend: 'tfjs-wasm', threads: 1, ratio: 1 };

const SERVED: { what: string; answer: Answer }[] = [
  {
    what: 'said to be application/octet-stream',
    answer: (response, wasm) =>
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(wasm),
  },
  {
    what: 'with a parameter behind its type',
    answer: (response, wasm) =>
      response.writeHead(200, { 'content-type': 'application/wasm; charset=utf-8' }).end(wasm),
  },
  {
    what: 'without a length',
    answer: (response, wasm) => {
      response.writeHead(200);
      response.write(wasm.subarray(0, 1000));
      response.end(wasm.subarray(1000));
    },
  },
];

for (const { what, answer } of SERVED) {
  test(`a runtime’s wasm ${what} is compiled`, async ({ page }) => {
    const site = await serveWasm(answer);
    expect(await firstResult(page, site.url)).toEqual(GOOD);
    expect(site.asked()).toBe(1);
    await site.close();
  });
}

test('a runtime’s wasm that a service worker puts together is compiled', async ({ page }) => {
  const site = await serveWasm((response, wasm) => response.end(wasm));
  await gotoBarePage(page, site.url);
  await page.evaluate(async () => {
    await navigator.serviceWorker.register('/made-up.js');
    while (!navigator.serviceWorker.controller) await new Promise(requestAnimationFrame);
  });
  expect(await firstResult(page, site.url)).toEqual(GOOD);
  await site.close();
});

test('a runtime’s wasm that the HTTP cache has broken is asked for anew', async ({ page }) => {
  const site = await serveWasm((response, wasm, count) => {
    const sent = Buffer.from(wasm);
    if (count === 1) sent.fill(0xff, 2000, 2100);
    response.setHeader('cache-control', 'public, max-age=31536000, immutable').end(sent);
  });
  expect(await firstResult(page, site.url)).toMatchObject(GOOD);
  expect(site.asked()).toBe(2);
  await site.close();
});

const REFUSED: { what: string; answer: Answer; got: RegExp }[] = [
  {
    what: 'broken, and stays so',
    answer: (response, wasm) => response.end(Buffer.from(wasm).fill(0xff, 2000, 2100)),
    got: /WebAssembly|wasm/,
  },
  {
    what: 'cut in the middle',
    answer: (response, wasm) => {
      response.writeHead(200, { 'content-length': wasm.length });
      response.write(wasm.subarray(0, wasm.length / 2), () => response.destroy());
    },
    got: /^no answer, or half of one$/,
  },
  {
    what: 'not there',
    answer: (response) => response.writeHead(404).end(),
    got: /^status 404$/,
  },
];

for (const { what, answer, got } of REFUSED) {
  test(`a runtime’s wasm that is ${what} is assets-unreachable`, async ({ page }) => {
    const site = await serveWasm(answer);
    expect(await firstResult(page, site.url)).toEqual({
      code: 'assets-unreachable',
      got: expect.stringMatching(got),
    });
    await site.close();
  });
}

test('ONNX Runtime starts its threads from a module that was compiled on its way', {
  tag: '@threads',
}, async ({ page }) => {
  const site = await serveWasm((response, wasm) => response.end(wasm));
  expect(await firstResult(page, site.url, 'onnx-wasm')).toMatchObject({
    backend: 'onnx-wasm',
    threads: Math.min(4, cpus().length),
  });
  await site.close();
});

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
