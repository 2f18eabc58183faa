import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, type Page, test } from '@playwright/test';
import { listen } from '../scripts/listen.mjs';
import { serveDigits } from './digits-repository.js';
import { gotoBarePage, serveBarePage } from './serve-bare-page.js';

let site: Awaited<ReturnType<typeof serveBarePage>>;
let digits: Awaited<ReturnType<typeof serveDigits>>;
let collector: Awaited<ReturnType<typeof startCollector>>;

test.beforeAll(async () => {
  site = await serveBarePage();
  digits = await serveDigits();
});

test.afterAll(async () => {
  await Promise.all([site.close(), digits.close()]);
});

test.beforeEach(async () => {
  collector = await startCollector();
});

test.afterEach(async () => {
  await collector.close();
});

/** The library's second part, as the bundler names it. */
const LATER = /\/assets\/later-[^/]*\.js/;

/** A collector that takes down what it is told, or is not there. */
async function startCollector() {
  const told = { isThere: true, runs: 0, models: [] as string[] };
  const server = createServer(async (request, response) => {
    if (!told.isThere) return void request.destroy();
    if (request.url === '/traces') return void response.writeHead(404).end(); // of one run in a hundred
    const body = await text(request);
    if (body === '') return void request.destroy(); // Firefox may give up what it had begun to send
    const { health, score, dimensions } = JSON.parse(body);
    told.runs += health.ok + (score?.ok ?? 0);
    told.models.push(dimensions.model);
    response.writeHead(204, { 'Access-Control-Allow-Origin': '*' }).end();
  });
  const { url, close } = await listen(server, 0);
  return { told, url, close };
}

async function openDigits(page: Page): Promise<void> {
  await gotoBarePage(page, site.url);
  await page.evaluate(
    async ({ url, trust, report }) => {
      const scope = globalThis as Scope;
      scope.model = await scope.nearside.open(url, { trust, backend: 'onnx-wasm', report });
    },
    { ...digits.address, report: collector.url },
  );
}

function runOne(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const { model, one } = globalThis as Scope;
    return (await model.run(one())).output[0].label;
  });
}

/** As when another tab covers it: headless browsers show every page. */
function hide(page: Page): Promise<void> {
  return page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  });
}

test('a page hidden right after its first result has its report sealed, and sent at the latest in the next visit', async ({
  page,
}) => {
  const { told } = collector;
  told.isThere = false;
  let resolve = () => {};
  const isHidden = new Promise<void>((hidden) => {
    resolve = hidden;
  });
  await page.route(LATER, async (route) => {
    await isHidden;
    await route.continue();
  });
  await openDigits(page);
  expect(await runOne(page)).toBe('1');
  await hide(page);
  resolve();
  await expect.poll(() => sealedRuns(page)).toBe(1);
  expect(told.runs).toBe(0);

  told.isThere = true;
  await openDigits(page);
  await expect.poll(() => told.runs).toBe(1);
});

test('a page hidden before any result loads its second part at once, and reports that it opened', async ({
  page,
}) => {
  const { told } = collector;
  // The second after which it is loaded anyway does not pass.
  await page.addInitScript(() => {
    const { setTimeout } = globalThis;
    const start = (act: () => void, ms: number, ...more: unknown[]) =>
      ms === 1_000 ? 0 : setTimeout(act, ms, ...more);
    Object.assign(globalThis, { setTimeout: start });
  });
  await openDigits(page);
  const asked = page.waitForRequest(LATER);
  await hide(page);
  await asked;
  await expect.poll(() => told.models).toEqual(['digits']);
  expect(told.runs).toBe(0);
});

test('when the first request for the second part is lost, it is asked for once more', async ({
  page,
}) => {
  const { told } = collector;
  let asked = 0;
  await page.route(LATER, (route) => {
    asked += 1;
    return asked === 1 ? route.abort() : route.continue();
  });
  await openDigits(page);
  expect(await runOne(page)).toBe('1');
  expect(await labelsOfScore(page)).toEqual(['1']);
  await closeModel(page);
  expect(asked).toBe(2);
  expect(told.runs).toBe(2);
});

test('while the second part cannot be had runs go on, and are reported when it can', async ({
  page,
}) => {
  const { told } = collector;
  let isReachable = false;
  await page.route(LATER, (route) => (isReachable ? route.continue() : route.abort()));
  await openDigits(page);
  expect(await runOne(page)).toBe('1');
  expect(await labelsOfScore(page)).toBe('assets-unreachable');
  isReachable = true;
  await expect.poll(() => latencyMs(page)).toBeGreaterThan(0);
  expect(await runOne(page)).toBe('1');
  expect(await labelsOfScore(page)).toEqual(['1']);
  await closeModel(page);
  expect(told.runs).toBe(3);
});

/** Runs in reports that are kept until they are sent. */
function sealedRuns(page: Page): Promise<number> {
  return page.evaluate(() => (globalThis as Scope).model.stats().reports.sealedRuns);
}

/** Unknown until there is something that counts. */
function latencyMs(page: Page): Promise<number> {
  return page.evaluate(() => (globalThis as Scope).model.stats().latencyMs.p50 ?? 0);
}

/** Needs the second part: its code is there. */
function labelsOfScore(page: Page): Promise<string[] | string> {
  return page.evaluate(async () => {
    const { model, one } = globalThis as Scope;
    const labels = [];
    try {
      for await (const { output } of model.score([one()])) labels.push(output[0].label);
      return labels;
    } catch (error) {
      return (error as Scope).code;
    }
  });
}

function closeModel(page: Page): Promise<void> {
  return page.evaluate(() => (globalThis as Scope).model.close());
}

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
