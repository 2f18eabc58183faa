import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { type BrowserContext, expect, type Page, test } from '@playwright/test';
import { browserStorage } from '../scripts/demo/browser-storage.mjs';
import { digitsPage, readHeldOutDigits } from '../scripts/demo/digits-page.mjs';
import { startCollectorIn, startSite, startStack } from '../scripts/stack.mjs';
import { expectAccessible } from './expect-accessible.js';

let dir: string;
let stack: Awaited<ReturnType<typeof startStack>>;

test.beforeAll(async () => {
  dir = await mkdtemp(`${tmpdir()}/nearside-digits-`);
  stack = await startStack({ dir, anyPorts: true, models: ['digits', 'breast-cancer'] });
});

test.afterAll(async () => {
  await stack.close();
  await rm(dir, { recursive: true });
});

for (const backend of ['onnx-wasm', 'tfjs-wasm']) {
  test(`a drawn one is read as one on ${backend}`, async ({ page }) => {
    await page.goto(`${stack.servers.site.url}?backend=${backend}`);
    expect(await digitsPage(page).modelState()).toBe('ready');
    expect(await digitsPage(page).drawOne()).toBe('1');
    await expect(page.locator('#fact-backend')).toHaveText(backend);
  });
}

test('a page without isolation headers works too', async ({ page }) => {
  await page.route('**/*', async (route) => {
    const response = await route.fetch();
    const headers = { ...response.headers() };
    delete headers['cross-origin-opener-policy'];
    delete headers['cross-origin-embedder-policy'];
    await route.fulfill({ response, headers });
  });
  await page.goto(stack.servers.site.url);
  expect(await digitsPage(page).modelState()).toBe('ready');
  expect(await page.evaluate(() => globalThis.crossOriginIsolated)).toBe(false);
  expect(await digitsPage(page).drawOne()).toBe('1');
  await page.unrouteAll({ behavior: 'ignoreErrors' }); // a faster backend may be on its way
});

test('a text file is refused with a code, and the next drawing is read', async ({ page }) => {
  await page.goto(stack.servers.site.url);
  await digitsPage(page).modelState();
  await page.setInputFiles('#chooser', {
    name: 'notes.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from('seven'),
  });
  await expect(page.locator('#input-problem [data-code]')).toHaveText('decode-failed');
  expect(await digitsPage(page).drawOne()).toBe('1');
  await expectAccessible(page);
});

test('the page works with the collector down, and loses nothing', async ({ browser }) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(stack.servers.site.url);
  await digitsPage(page).modelState();
  const { port, url } = stack.servers.collector;
  const before = await inferences(url);
  await stack.servers.collector.close();
  expect(await digitsPage(page).drawOne()).toBe('1');
  await page.click('#feedback-yes');
  await page.reload();
  await digitsPage(page).modelState();
  const [report] = await browserStorage(page).pendingReports();
  const { ok } = report.health; // a slow stroke is read on the way too
  expect(ok).toBeGreaterThan(0);
  expect(report.feedback.byAge[0].bins.at(-1), 'one judged, one right').toEqual([1, 1]);

  stack.servers.collector = await startCollectorIn(dir, port);
  await page.reload();
  await expect.poll(() => inferences(url)).toBe(before + ok);
  await context.close();
});

test('the reads of the held-out page are reported, and are nobody’s runs', async ({ browser }) => {
  const collector = await startCollectorIn(`${dir}/held-out`, 0); // no other page reports to it
  const report = `${collector.url}/v1/reports`;
  const site = await startSite({ ...stack.config, report }, 0);
  const context = await browser.newContext();
  const { accuracy, sealedReports } = await readHeldOutDigits(context, site.url, 'tfjs-wasm');
  await context.close();
  expect(accuracy).toBeGreaterThan(0.97);
  expect(sealedReports).toBeGreaterThan(0);
  const total = { reports: sealedReports, count: 0 };
  await expect.poll(() => totalOf(collector.url)).toMatchObject(total);
  await Promise.all([site.close(), collector.close()]);
});

test('a first visit without a repository says what is missing', async ({ browser }) => {
  expect(await failingVisit(browser.newContext(), { model: 'http://127.0.0.1:9/digits' })).toBe(
    'network-failed',
  );
});

test('an unknown model is named, with those the repository offers', async ({ browser }) => {
  const model = stack.config.model.replace(/digits$/, 'letters');
  expect(await failingVisit(browser.newContext(), { model })).toBe('model-not-found');
});

test('the page for records decides a whole one and one with gaps, and says why it takes none', async ({
  page,
}) => {
  await page.goto(`${stack.servers.site.url}risk.html`);
  await expect(page.getByTestId('decision')).toHaveText(/^(benign|malignant)$/);
  await expect(page.getByTestId('missing')).toHaveText('No measurement is missing.');
  await page.getByLabel('mean radius').fill('');
  await expect(page.getByTestId('missing')).toHaveText(/^1 of 30 are missing/);
  await page.getByTestId('reset').click();
  await expect(page.getByTestId('input-problem')).toHaveAttribute('data-error', 'input-invalid');
});

test('a wrong pin is refused', async ({ browser }) => {
  const trust = `sha256-${'A'.repeat(43)}`;
  expect(await failingVisit(browser.newContext(), { trust })).toBe('pin-mismatch');
});

for (const kind of ['metadata/timestamp.json', 'the newest metadata/*.targets.json', 'a target']) {
  // The page says of each the same; how each damaged file fares is in attacks/damaged-files.test.ts.
  const tag = kind === 'a target' ? [] : '@long';
  test(`a changed byte in ${kind} is refused`, { tag }, async ({ browser }) => {
    // A boot file would bring the true bytes; how it fares under attack is tested elsewhere.
    await rm(`${stack.repository}/boot`, { recursive: true, force: true });
    const file = await findFile(kind);
    const original = await readFile(file);
    const changed = Buffer.from(original);
    // Inside a hexadecimal or base64 value, so that the file still parses.
    const at = changed.lastIndexOf(kind === 'a target' ? '"sig"' : '"sig":') + 12;
    changed[at] = changed[at] === 0x61 ? 0x62 : 0x61;
    await writeFile(file, changed);
    const code = await failingVisit(browser.newContext(), {});
    await writeFile(file, original);
    expect(['signature-invalid', 'digest-mismatch', 'metadata-mix']).toContain(code);
  });
}

async function failingVisit(
  opening: Promise<BrowserContext>,
  config: Partial<typeof stack.config>,
): Promise<string | null> {
  const context = await opening;
  const site = await startSite({ ...stack.config, ...config }, 0);
  const page: Page = await context.newPage();
  await page.goto(site.url);
  const code = await digitsPage(page).errorCode();
  await site.close();
  await context.close();
  return code;
}

interface Total {
  readonly reports: number;
  readonly count: number;
}

async function totalOf(collectorUrl: string): Promise<Total> {
  const response = await fetch(`${collectorUrl}/v1/fleet/latency?model=digits`);
  if (!response.ok) return { reports: 0, count: 0 };
  return ((await response.json()) as { total: Total }).total;
}

async function inferences(collectorUrl: string): Promise<number> {
  return (await totalOf(collectorUrl)).count;
}

async function findFile(kind: string): Promise<string> {
  if (kind === 'metadata/timestamp.json') return `${stack.repository}/${kind}`;
  const [folder, pattern] =
    kind === 'a target' ? ['targets', /\bdigits\b/] : ['metadata', /^\d+\.targets\.json$/];
  const names = await readdir(`${stack.repository}/${folder}`);
  const newest = names
    .filter((name) => pattern.test(name))
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
    .at(-1);
  return `${stack.repository}/${folder}/${newest}`;
}
