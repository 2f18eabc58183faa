import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { Page } from '@playwright/test';
import { listen } from '../scripts/listen.mjs';
import { startCollectorIn } from '../scripts/stack.mjs';
import type { DrivenPage } from './core-path.js';
import { serveDigits } from './digits-repository.js';
import { serveBarePage } from './serve-bare-page.js';

/**
 * What a visit meets: a site that reports, a model, a collector, and a page of another origin.
 *
 * @param options.isolated as of `serveBarePage`
 */
export async function serveVisits(options?: { isolated: boolean }) {
  const dir = await mkdtemp(join(tmpdir(), 'nearside-visits-'));
  const [site, digits, elsewhere] = [
    await serveBarePage('page', options),
    await serveDigits(),
    await listen(
      createServer((_, response) => response.end('elsewhere')),
      0,
    ),
  ];
  const collector = await startCollectorIn(dir, 0);
  const told = await relayTo(`${collector.url}/v1/reports`);
  /** A sum of one metric's samples that have this text. */
  const sumOf = async (text: string) => {
    const metrics = await (await fetch(`${collector.url}/metrics`)).text();
    const samples = metrics.split('\n').filter((line) => line.startsWith(text));
    return samples.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  };
  return {
    address: { ...digits.address, site: site.url, elsewhere: elsewhere.url, report: told.url },
    told: told.told,
    runs: () => sumOf('nearside_inferences_total'),
    devices: () => sumOf('nearside_reporting_devices_total'),
    duplicates: () => sumOf('nearside_collector_reports_total{outcome="duplicate"}'),
    async close() {
      await Promise.all([site, digits, elsewhere, told].map((server) => server.close()));
      await collector.close();
      await rm(dir, { recursive: true });
    },
  };
}

export type Visits = Awaited<ReturnType<typeof serveVisits>>;

/** Stands before a collector, takes down what it is sent, and may keep what that answers to itself. */
async function relayTo(reports: string) {
  const told = { bodies: [] as string[], isAnswering: true };
  const server = createServer(async (request, response) => {
    try {
      const body = await buffer(request);
      told.bodies.push(String(body));
      const headers = { 'content-type': 'text/plain' };
      const answer = await fetch(reports, { method: 'POST', headers, body });
      if (!told.isAnswering) return;
      response.writeHead(answer.status, { 'access-control-allow-origin': '*' }).end();
    } catch {
      response.destroy(); // the page took its request back
    }
  });
  return { told, ...(await listen(server, 0)) };
}

/** Opens the model on a page with something to go back to, runs it, and stays until it is known to count as a device. */
export async function visit(page: DrivenPage, { address }: Visits, runs = 1): Promise<void> {
  await page.goto(address.elsewhere);
  await page.goto(address.site);
  await page.evaluate(
    async ({ url, trust, report, elsewhere, runs }) => {
      const scope = globalThis as Scope;
      const until = async (isSo: () => unknown) => {
        while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 5));
      };
      /** Keys of what the device keeps for reports. */
      const keysOf = (database: string) =>
        new Promise<string[]>((resolve) => {
          const opening = indexedDB.open(database);
          opening.onsuccess = () => {
            const { result: opened } = opening;
            const all = opened.transaction('nearside').objectStore('nearside').getAllKeys();
            all.onsuccess = () => {
              opened.close();
              resolve(all.result.map(String));
            };
          };
        });
      const isClaimed = async () =>
        (await keysOf('nearside-reports')).some((key) => key.startsWith('i/first/'));
      await until(() => scope.nearside);
      const { open } = scope.nearside;
      const model = await open(url, { trust, backend: 'onnx-wasm', report });
      scope.model = model;
      for (let i = 0; i < runs; i += 1) await model.run(scope.one());
      await until(() => model.stats().latencyMs.p50);
      await until(isClaimed);
      const link = document.createElement('a');
      link.href = elsewhere;
      link.id = 'elsewhere';
      link.textContent = 'elsewhere';
      document.body.append(link);
    },
    { ...address, runs },
  );
}

/** Ways of leaving a page that keep the browser open. */
export const WAYS = {
  'the tab is closed': (page: Page) => page.close(),
  'a link leads to another origin': (page: Page) => page.click('#elsewhere'),
  'about:blank is opened': (page: Page) => page.goto('about:blank'),
  'the page is loaded again': (page: Page) => page.reload(),
  // Playwright waits for an event that Firefox does not send of a page that it kept aside.
  'the user goes back': (page: Page) => page.evaluate(() => void setTimeout(() => history.back())),
} satisfies Record<string, (page: Page) => Promise<unknown>>;

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
