import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { createSlowLink } from '../bench/runtime/slow-link.mjs';
import { createDeferred } from '../packages/core/src/deferred.js';
import { AVAILABLE_BACKENDS } from '../packages/nearside/src/shared/api/backends.js';
import { runtimeBytes } from '../packages/nearside/src/shared/contender-order.js';
import { LIBRARY_VERSION } from '../packages/nearside/src/shared/library-version.js';
import { listen } from '../scripts/listen.mjs';
import { root } from '../scripts/root.mjs';
import { serveSite } from '../scripts/serve-site.mjs';
import { keepWorkers } from './keep-workers.js';
import { madeOnce } from './made-once.js';
import { gotoBarePage } from './serve-bare-page.js';
import { serveCdn } from './serve-cdn.js';
import { serveForTests } from './serve-for-tests.js';

/** How servers, caches and service workers hand out a runtime's wasm file, and what becomes of it. */

const served = serveForTests();

/** Answers a request for the wasm file with its bytes, the `count`th time. */
type Answer = (response: ServerResponse, wasm: Buffer, count: number) => void;

/** The site, with an answer of the test's own for wasm files, and a policy for the page alone. */
async function serveWasm(answer: Answer, policy?: string) {
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
    if (url === '/' && policy) response.setHeader('content-security-policy', policy);
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
async function firstResult(page: Page, url: string, backend = 'tfjs-wasm', assets?: string) {
  await gotoBarePage(page, url);
  return page.evaluate(
    async ({ url, trust, backend, assets }) => {
      const { nearside, one } = globalThis as Scope;
      const seen: Scope[] = [];
      try {
        const onProgress = (progress: Scope) => seen.push(progress);
        const model = await nearside.open(url, { trust, backend, assets, onProgress });
        const { output, meta } = await model.run(one());
        await model.close();
        const { ratio } = seen.at(-1);
        return { label: output[0].label, backend: meta.backend, threads: meta.threads, ratio };
      } catch (error) {
        const { code, details, message } = error as Scope;
        return { code, got: details?.got, message };
      }
    },
    { ...served.digits.address, backend, assets },
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

const CUT: Answer = (response, wasm) => {
  response.writeHead(200, { 'content-length': wasm.length });
  response.write(wasm.subarray(0, wasm.length / 2), () => response.destroy());
};

const REFUSED: { what: string; answer: Answer; got: RegExp }[] = [
  {
    what: 'broken, and stays so',
    answer: (response, wasm) => response.end(Buffer.from(wasm).fill(0xff, 2000, 2100)),
    got: /WebAssembly|wasm/,
  },
  {
    what: 'cut in the middle',
    answer: CUT,
    got: /^no answer, or half of one$/,
  },
  {
    what: 'not there',
    answer: (response) => response.writeHead(404).end(),
    got: /^status 404$/,
  },
  {
    what: 'redirected to another origin',
    answer: (response) =>
      response.writeHead(302, { Location: `${elsewhere.url}.${response.req.url}` }).end(),
    got: /^no answer, or half of one$/,
  },
];

/** The page's files on another origin, to which its own may send. */
let elsewhere: Awaited<ReturnType<typeof serveCdn>>;
test.beforeAll(async () => {
  elsewhere = await serveCdn(madeOnce('page'));
});
test.afterAll(() => elsewhere.close());

for (const { what, answer, got } of REFUSED) {
  test(`a runtime’s wasm that is ${what} is assets-unreachable`, async ({ page }) => {
    const site = await serveWasm(answer);
    expect(await firstResult(page, site.url)).toEqual({
      code: 'assets-unreachable',
      got: expect.stringMatching(got),
      message: expect.stringMatching(/at http:\S+\/tfjs-backend-wasm-simd[^/#]*\.wasm, got/),
    });
    await site.close();
  });
}

const whole: Answer = (response, wasm) => response.end(wasm);

test('a runtime’s file comes beside its worker’s', async ({ page }) => {
  const site = await serveWasm(whole);
  const asked = page.waitForRequest(/\.wasm$/);
  await page.route('**/worker-*.js', async (route) => {
    await asked;
    await route.continue();
  });
  expect(await firstResult(page, site.url)).toEqual(GOOD);
  await site.close();
});

test('a second worker of a file asks for nothing, nor one in place of a lost one; the page keeps it no longer than they live', async ({
  page,
}) => {
  const site = await serveWasm(whole);
  await gotoBarePage(page, site.url);
  await page.evaluate(keepWorkers);
  const asked = await page.evaluate(async ({ url, trust }) => {
    const scope = globalThis as Scope;
    const asked: number[] = [];
    const note = () =>
      asked.push(
        performance.getEntriesByType('resource').filter(({ name }) => /\.wasm/.test(name)).length,
      );
    const open = () =>
      scope.nearside.open(url, { trust, backend: 'tfjs-wasm', tune: 'off', isolate: true });
    const first = await open();
    note();
    const second = await open();
    scope.workersStarted[0].dispatchEvent(new ErrorEvent('error', { message: 'it has crashed' }));
    await first.run(scope.one());
    note();
    await Promise.all([first.close(), second.close()]);
    await (await open()).close();
    note();
    return { asked, workers: scope.workersStarted.length };
  }, served.digits.address);
  expect(asked).toEqual({ asked: [1, 1, 2], workers: 4 });
  expect(site.asked()).toBe(2);
  await site.close();
});

test('where the page’s policy refuses WebAssembly, the worker compiles for itself', async ({
  page,
}) => {
  const site = await serveWasm(whole, "script-src 'self'");
  expect(await firstResult(page, site.url)).toEqual(GOOD);
  expect(site.asked()).toBe(1);
  await site.close();
});

test('a module that cannot be posted is compiled by the worker', async ({ page }) => {
  const site = await serveWasm(whole);
  await page.addInitScript(() => {
    const { postMessage } = Worker.prototype;
    Worker.prototype.postMessage = function (message: Scope, ...rest: Scope[]) {
      if (message.module) throw new DOMException('It could not be cloned.', 'DataCloneError');
      return postMessage.call(this, message, ...rest);
    };
  });
  expect(await firstResult(page, site.url)).toEqual(GOOD);
  await site.close();
});

test('a runtime’s wasm that was cut once is asked for again', async ({ page }) => {
  const site = await serveWasm((response, wasm, count) =>
    (count === 1 ? CUT : whole)(response, wasm, count),
  );
  expect(await firstResult(page, site.url)).toEqual(GOOD);
  expect(site.asked()).toBe(2);
  await site.close();
});

test('an opening that its caller ends leaves no download behind', async ({ page }) => {
  const { promise: ended, resolve } = createDeferred<boolean>();
  const site = await serveWasm((response, wasm) => {
    response.on('close', () => resolve(!response.writableEnded));
    response.write(wasm.subarray(0, 1000));
  });
  await gotoBarePage(page, site.url);
  await page.evaluate(async ({ url, trust }) => {
    const leaving = new AbortController();
    const { signal } = leaving;
    const onProgress = ({ phase }: Scope) => phase === 'runtime' && leaving.abort();
    await (globalThis as Scope).nearside
      .open(url, { trust, backend: 'tfjs-wasm', signal, onProgress })
      .catch(() => {});
  }, served.digits.address);
  expect(await ended).toBe(true);
  await site.close();
});

/** Has a file arrive with an addition that does no harm: an empty custom section for a module, a comment for a script. */
async function changeFile(page: Page, name: string): Promise<void> {
  await page.route(`**/${name}`, async (route) => {
    const response = await route.fetch();
    const end = name.endsWith('.js') ? '\n//' : Buffer.of(0, 1, 0);
    await route.fulfill({
      response,
      body: Buffer.concat([await response.body(), Buffer.from(end)]),
    });
  });
}

test('a worker of another version of the library, as a cache keeps it, is assets-unreachable: both, and what to clear', async ({
  page,
}) => {
  await page.route('**/worker-*.js', async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replaceAll(LIBRARY_VERSION, '0.0.9');
    await route.fulfill({ response, body });
  });
  expect(await firstResult(page, served.site.url)).toMatchObject({
    code: 'assets-unreachable',
    message: expect.stringMatching(
      new RegExp(
        `of nearside ${LIBRARY_VERSION}, got one of 0\\.0\\.9\\. Copy .* those of 0\\.0\\.9: clear`,
      ),
    ),
  });
});

test.describe('a copy of the runtime’s files on another origin', () => {
  let cdn: Awaited<ReturnType<typeof serveCdn>>;
  test.beforeAll(async () => {
    cdn = await serveCdn(`${root}packages/nearside/dist`);
  });
  test.afterAll(() => cdn.close());

  /** What the page gets where the CDN has changed a file. */
  async function resultWith(page: Page, file: string, backend: string) {
    await changeFile(page, file);
    return firstResult(page, served.site.url, backend, `${cdn.url}assets`);
  }

  test('serves', async ({ page }) => {
    expect(await firstResult(page, served.site.url, 'tfjs-wasm', `${cdn.url}assets`)).toEqual(GOOD);
  });

  const COPIES = {
    'worker-onnx-wasm.js': 'onnx-wasm',
    'worker-tfjs-wasm.js': 'tfjs-wasm',
    'tfjs-backend-wasm-simd.wasm': 'tfjs-wasm',
    'steps.js': 'tfjs-wasm',
  };
  for (const [file, backend] of Object.entries(COPIES)) {
    test(`with a ${file} that is not this build’s is assets-unreachable, and names it`, async ({
      page,
    }) => {
      expect(await resultWith(page, file, backend)).toMatchObject({
        code: 'assets-unreachable',
        message: expect.stringMatching(new RegExp(`/assets/${file}, got .*another file than this`)),
      });
    });
  }

  test('with an ort-common.wasm that is not this build’s serves with the full file', async ({
    page,
  }) => {
    const fetched: string[] = [];
    page.on('request', (request) => fetched.push(new URL(request.url()).pathname));
    expect(await resultWith(page, 'ort-common.wasm', 'onnx-wasm')).toMatchObject({ label: '1' });
    expect(fetched).toContain('/assets/ort-wasm-simd-threaded.wasm');
  });
});

test('files that a bundler emitted to another origin, and may have changed, serve', async ({
  page,
}) => {
  const cdn = await serveCdn(madeOnce('page'));
  const html = await readFile(join(madeOnce('page'), 'index.html'), 'utf8');
  const dir = await mkdtemp(join(tmpdir(), 'nearside-public-path-'));
  // As a build has it whose public path is the CDN's address.
  await writeFile(join(dir, 'index.html'), html.replaceAll('src="/', `src="${cdn.url}`));
  const site = await serveSite({ dir, config: {}, port: 0, isolated: false });
  const changed = ['worker-tfjs-wasm*.js', 'steps*.js', 'tfjs-backend-wasm-simd*.wasm'];
  for (const name of changed) await changeFile(page, name);
  const fetched: string[] = [];
  page.on('request', (request) => fetched.push(request.url()));
  expect(await firstResult(page, site.url)).toEqual(GOOD);
  expect(fetched.filter((url) => url.startsWith(`${cdn.url}assets/worker-`))).toHaveLength(1);
  await Promise.all([site.close(), cdn.close(), rm(dir, { recursive: true })]);
});

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

test('the sizes that backends are chosen by, and progress expects, are those of the files, within a tenth', async () => {
  const list = await readFile(`${root}packages/nearside/dist/assets.json`, 'utf8');
  const { files }: { files: { name: string; backend?: string; gzipBytes: number }[] } =
    JSON.parse(list);
  for (const backend of AVAILABLE_BACKENDS) {
    for (const isCommon of backend === 'onnx-wasm' ? [true, false] : [false]) {
      const other = isCommon ? 'ort-wasm-simd-threaded.wasm' : 'ort-common.wasm';
      const own = files.filter((file) => file.backend === backend && file.name !== other);
      const measured = own.reduce((sum, { gzipBytes }) => sum + gzipBytes, 0);
      expect(Math.abs(runtimeBytes(backend, isCommon) / measured - 1)).toBeLessThan(0.1);
    }
  }
});

test('over a slow line progress moves at least every second until all has come, and never falls', async ({
  page,
}) => {
  const link = createSlowLink({ bitsPerSecond: 6_400_000, latencyMs: 40 });
  const { url, trust } = served.digits.address;
  const site = await link.serve(served.site.url.replace(/\/$/, ''));
  const models = await link.serve(new URL(url).origin);
  const names = await readdir(join(madeOnce('page'), 'assets'));
  const wasm = names.find((name) => /^ort-common.*\.wasm$/.test(name));
  // What is compressed for the first time keeps a visit waiting, and no line is to blame.
  await fetch(`${site.url}assets/${wasm}`).then(({ body }) => body?.cancel());
  await gotoBarePage(page, site.url);
  const seen = await page.evaluate(
    async ({ url, trust }) => {
      const { nearside } = globalThis as Scope;
      const seen: { atMs: number; phase: string; ratio: number }[] = [];
      const onProgress = ({ phase, ratio }: Scope) =>
        seen.push({ atMs: performance.now(), phase, ratio });
      await nearside.open(url, { trust, backend: 'onnx-wasm', tune: 'off', onProgress });
      return seen;
    },
    { url: new URL('digits', models.url).href, trust },
  );
  const ratios = seen.map(({ ratio }) => ratio);
  expect(ratios).toEqual(ratios.toSorted((a, b) => a - b));
  expect(ratios.at(-1)).toBe(1);
  const coming = seen.slice(0, 1 + seen.findIndex(({ phase }) => phase === 'check'));
  const moves = coming.filter(({ ratio }, i) => ratio !== ratios[i - 1]);
  const pauses = moves.slice(1).map(({ atMs }, i) => atMs - (moves[i]?.atMs ?? 0));
  expect(Math.max(...pauses)).toBeLessThan(1_000);
  await Promise.all([site.close(), models.close()]);
});

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
