import { readdir, readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { expect, type Page, test } from '@playwright/test';
import { createDeferred } from '../packages/core/src/deferred.js';
import { listen } from '../scripts/listen.mjs';
import { root } from '../scripts/root.mjs';
import type { DigitsRelease } from './digits-repository.js';
import { madeOnce } from './made-once.js';
import { gotoBarePage, serveBarePage } from './serve-bare-page.js';
import { serveCdn } from './serve-cdn.js';
import { serveForTests } from './serve-for-tests.js';

/** The second file of workers: it is fetched for unsigned files and for models that name one of its steps, and may be in the way. */

const served = serveForTests();

/** Version 1.0.0 has none of its steps. A temperature of 1 changes no score. */
const NEEDS_STEPS = {
  version: '2.0.0',
  sequence: 2,
  edit: ({ postprocessing }) => postprocessing.unshift({ step: 'temperature', temperature: 1 }),
} satisfies DigitsRelease;

/** Answers a request for `steps.js` with its bytes, the `count`th time. */
type Answer = (response: ServerResponse, steps: Buffer, count: number) => void;

const ANSWER: Answer = (response, steps) => response.end(steps);

/** The site, with an answer of the test's own for `steps.js`. */
async function serveSteps(
  answer: Answer,
  { ofWorkers = {}, wasmAfter }: { ofWorkers?: object; wasmAfter?: Promise<void> } = {},
) {
  const asked: string[] = [];
  const server = createServer(async ({ url = '' }, response) => {
    const { status, headers, body } = await fetch(new URL(url, served.site.url));
    const parts: Uint8Array[] = [];
    for await (const part of body ?? []) parts.push(part);
    const bytes = Buffer.concat(parts);
    for (const [name, value] of headers) if (KEPT.test(name)) response.setHeader(name, value);
    response.setHeader('Connection', 'close'); // on one that was used before, a browser asks again by itself
    if (/\/worker-[^/]*$/.test(url)) {
      for (const [name, value] of Object.entries(ofWorkers))
        response.setHeader(name, value as string);
    }
    if (url.endsWith('.wasm')) await wasmAfter;
    if (/\/steps[^/]*\.js$/.test(url)) {
      asked.push(url);
      answer(response, bytes, asked.length);
    } else response.writeHead(status).end(bytes);
  });
  return { ...(await listen(server, 0)), asked };
}

/** The same page and files, on another origin. */
let elsewhere: Awaited<ReturnType<typeof serveCdn>>;
test.beforeAll(async () => {
  elsewhere = await serveCdn(madeOnce('page'));
});
test.afterAll(() => elsewhere.close());

const KEPT = /^(?:content-type|cross-origin-|access-control-)/;

/** The end of a run: the label and the version, or the error. */
async function openAndRun(page: Page, options: object = {}) {
  return page.evaluate(
    async ({ url, trust, options }) => {
      const scope = globalThis as Scope;
      try {
        const model = await scope.nearside.open(url, { trust, backend: 'tfjs-wasm', ...options });
        scope.model = model;
        const { output, meta } = await model.run(scope.one());
        return `${output[0].label} by ${meta.version}`;
      } catch (error) {
        const { code, message } = error as Scope;
        return { code, message };
      }
    },
    { ...served.digits.address, options },
  );
}

const update = (page: Page): Promise<string> =>
  page.evaluate(() =>
    (globalThis as Scope).model.update().then(
      ({ version }: Scope) => `ready ${version}`,
      ({ code, message }: Scope) => `${code}: ${message}`,
    ),
  );

const runAgain = (page: Page): Promise<string> =>
  page.evaluate(async () => {
    const { model, one } = globalThis as Scope;
    const { output, meta } = await model.run(one());
    return `${output[0].label} by ${meta.version}`;
  });

const MANUAL = { policy: { update: 'manual' } };

test.describe.configure({ mode: 'serial' });

test('where a version names none of its steps the file is not asked for', async ({ page }) => {
  const site = await serveSteps(ANSWER);
  await gotoBarePage(page, site.url);
  expect(await openAndRun(page)).toBe('1 by 1.0.0');
  expect(site.asked).toEqual([]);
  await site.close();
});

test('what opens unsigned files is in it, and in no worker', async () => {
  const assets = `${root}packages/nearside/dist/assets`;
  const readText = (file: string) => readFile(`${assets}/${file}`, 'utf8');
  const workers = (await readdir(assets)).filter((file) => file.startsWith('worker-'));
  const said = 'openUnsigned: expected';
  expect(await readText('steps.js')).toContain(said);
  for (const file of workers) expect(await readText(file)).not.toContain(said);
});

test('an update that needs it, offline, leaves the version before, and costs none of its tries', async ({
  page,
}) => {
  const answers: Answer[] = [
    (response) => void response.destroy(),
    (response) => void response.destroy(),
    (response) => void response.destroy(),
    (response) => void response.destroy(),
  ];
  const site = await serveSteps((...given) => (answers.pop() ?? ANSWER)(...given));
  await gotoBarePage(page, site.url);
  expect(await openAndRun(page, MANUAL)).toBe('1 by 1.0.0');
  await served.digits.release(NEEDS_STEPS);
  while (answers.length > 0) {
    expect(await update(page)).toMatch(/^assets-unreachable: .*\/steps[^/]*\.js, got/);
    expect(await runAgain(page)).toBe('1 by 1.0.0');
  }
  expect(await update(page)).toBe('ready 2.0.0');
  expect(await runAgain(page)).toBe('1 by 2.0.0');
  await site.close();
});

test('it is fetched beside weights and runtime, once for all models of a worker', async ({
  page,
}) => {
  const { promise: asked, resolve } = createDeferred<void>();
  const answer: Answer = (response, steps) => {
    resolve();
    // It is fetched, then imported out of the HTTP cache, which Playwright turns off for a page with a route.
    response.setHeader('Cache-Control', 'max-age=600').end(steps);
  };
  const site = await serveSteps(answer, { wasmAfter: asked });
  await gotoBarePage(page, site.url);
  expect(await openAndRun(page)).toBe('1 by 2.0.0');
  expect(await openAndRun(page)).toBe('1 by 2.0.0');
  expect(site.asked).toHaveLength(1);
  const addresses = await page.evaluate(() => (globalThis as Scope).nearside.runtimeAssets());
  const listed = addresses.filter((address: string) => address.includes('/steps'));
  expect(listed).toEqual([new URL(site.asked[0] as string, site.url).href]);
  await site.close();
});

const REFUSED: { what: string; answer?: Answer; ofWorkers?: object; got: RegExp }[] = [
  {
    what: 'not there',
    answer: (response) => response.writeHead(404).end(),
    got: /status 404/,
  },
  {
    what: 'a web page',
    answer: (response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>'),
    got: /Failed to fetch/,
  },
  {
    what: 'a web page that is said to be a script',
    answer: (response) => response.end('<!doctype html>'),
    got: /Unexpected token/,
  },
  {
    what: 'cut in the middle',
    answer: (response, steps) => response.end(steps.subarray(0, steps.length / 2)),
    got: /Unexpected|Invalid|missing/i,
  },
  {
    what: 'of another build',
    answer: (response, steps) => response.end(`${steps}`.replace('nearside.steps.', 'other.')),
    got: /another file than this build's/,
  },
  {
    what: 'redirected to another origin',
    answer: (response) =>
      response.writeHead(302, { Location: `${elsewhere.url}.${response.req.url}` }).end(),
    got: /Failed to fetch/,
  },
  {
    what: 'refused by the worker’s own policy',
    ofWorkers: { 'Content-Security-Policy': "script-src 'wasm-unsafe-eval'" },
    got: /Failed to fetch/,
  },
];

for (const { what, answer = ANSWER, ofWorkers, got } of REFUSED) {
  test(`steps.js that is ${what} is assets-unreachable, and named`, async ({ page }) => {
    const site = await serveSteps(answer, { ofWorkers });
    await gotoBarePage(page, site.url);
    expect(await openAndRun(page)).toEqual({
      code: 'assets-unreachable',
      message: expect.stringMatching(/\/steps[^/]*\.js, got/),
    });
    expect(await openAndRun(page)).toMatchObject({ message: expect.stringMatching(got) });
    await site.close();
  });
}

test('an app’s own worker is told its address, of the page’s origin or another one', async ({
  page,
}) => {
  const workshop = await serveBarePage('workshop');
  const cdn = await serveCdn();
  for (const assets of [undefined, `${cdn.url}assets/`]) {
    await gotoBarePage(page, workshop.url);
    const label = await page.evaluate(
      async ({ url, trust, assets }) => {
        const { nearside, startOwnWorker } = globalThis as Scope;
        const model = await nearside.open(url, { trust, assets, worker: startOwnWorker });
        const data = new Uint8ClampedArray(28 * 28 * 4).fill(255);
        const { output, meta } = await model.run(new ImageData(data, 28, 28));
        await model.close();
        return `${output.length} labels by ${meta.version}`;
      },
      { ...served.digits.address, assets },
    );
    expect(label).toMatch(/^\d+ labels by 2\.0\.0$/);
  }
  await Promise.all([workshop.close(), cdn.close()]);
});

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
