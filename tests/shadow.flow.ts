import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect } from '@playwright/test';
import { complaintOf, parse, ReportSchema } from '../packages/core/dist/index.js';
import { listen } from '../scripts/listen.mjs';
import { test } from './cleared-page.js';
import { serveDigits } from './digits-repository.js';
import { gotoBarePage, serveBarePage } from './serve-bare-page.js';

let site: Awaited<ReturnType<typeof serveBarePage>>;
let digits: Awaited<ReturnType<typeof serveDigits>>;
let collector: Awaited<ReturnType<typeof startCollector>>;

test.beforeAll(async () => {
  site = await serveBarePage('workshop');
  digits = await serveDigits();
  await digits.release({ version: '1.1.0', sequence: 2 }, 100);
  collector = await startCollector();
});

test.afterAll(async () => {
  await Promise.all([site.close(), digits.close(), collector.close()]);
});

/** Takes down which reports it is sent. */
async function startCollector() {
  // biome-ignore lint/suspicious/noExplicitAny: a report as it crosses the network
  const reports: Record<string, any>[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    if (body !== '') reports.push(JSON.parse(body));
    response.writeHead(204, { 'Access-Control-Allow-Origin': '*' }).end();
  });
  const { url, close } = await listen(server, 0);
  return { reports, url, close };
}

test('a shadow decides on a sample of inputs and answers nobody, its worker is ended, and the report says how often it agreed', async ({
  page,
}) => {
  await gotoBarePage(page, site.url);
  let started = 0;
  page.on('worker', () => {
    started += 1;
  });
  const versions = await page.evaluate(
    async ([{ url, trust }, report]) => {
      const scope = globalThis as Scope;
      const { nearside } = scope;
      const alone = { threads: 1, tune: 'off' }; // no other worker is started
      scope.open = () => nearside.open(url, { trust, report, ...alone });
      scope.one = () => new ImageData(28, 28);
      scope.model = await scope.open();
      await scope.model.update(); // it finds the shadow, which is no update
      const seen = new Set<string>();
      for (let n = 0; n < 120; n += 1) {
        seen.add((await scope.model.run(scope.one())).meta.version);
      }
      return [...seen];
    },
    [digits.address, collector.url] as const,
  );
  expect(versions).toEqual(['1.0.0']);
  await expect.poll(() => [started > 1, page.workers().length]).toEqual([true, 1]);

  const reopened = await page.evaluate(async () => {
    const scope = globalThis as Scope;
    await scope.model.close();
    const model = await scope.open();
    const { version } = model.stats();
    await model.close();
    return version;
  });
  expect(reopened).toBe('1.0.0');

  const withShadow = () => collector.reports.find(({ shadow }) => shadow);
  await expect.poll(withShadow).toBeDefined();
  const report = parse(ReportSchema, withShadow(), { code: 'input-invalid', what: 'report' });
  expect(complaintOf(report)).toBeUndefined();
  const { n = 0, bins } = report.shadow ?? {};
  expect(report.shadow).toMatchObject({ candidate: '1.1.0', agreements: n, errorDifference: 0 });
  expect(n).toBeGreaterThan(0);
  expect(bins?.reduce((sum, [of]) => sum + of, 0)).toBe(n);
});

// biome-ignore lint/suspicious/noExplicitAny: the page's own globals
type Scope = any;
