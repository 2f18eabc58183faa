import { appendFile, cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { gzipSync } from 'node:zlib';
import { type BrowserContext, chromium, expect, type Page, test } from '@playwright/test';
import { chromiumLaunch } from '../scripts/chromium.mjs';
import { root } from '../scripts/root.mjs';
import {
  publishModels,
  startCollectorIn,
  startRepository,
  startTextReader,
} from '../scripts/stack.mjs';
import { expectAccessible } from './expect-accessible.js';

const DIST = `${root}examples/ocr-pwa/dist`;
const EXAMPLE = `${root}examples/ocr-pwa/public/example.jpg`;
const EXAMPLE_LINES = [
  'Harbour Café',
  'Lentil soup',
  '6.50',
  'Apple cake',
  '4.80',
  'Open 08:30 to 19:00',
];

/** What all that is precached may take to fetch, bytes after gzip. */
const PRECACHE_LIMIT = 6_200_000;

let dir: string;
let published: Awaited<ReturnType<typeof publishModels>>;
let servers: Awaited<ReturnType<typeof startServers>>;

test.beforeAll(async () => {
  dir = await mkdtemp(`${tmpdir()}/nearside-ocr-pwa-`);
  published = await publishModels(dir, ['ocr']);
  servers = await startServers(DIST);
});

test.afterAll(async () => {
  await servers.close();
  await rm(dir, { recursive: true });
});

/** One visitor, who comes back twice. */
test.describe.serial(() => {
  let context: BrowserContext;
  let page: Page;
  let own: Awaited<ReturnType<typeof startServers>>;
  let collector: Awaited<ReturnType<typeof startCollectorIn>>;

  test.beforeAll(async ({ browser }) => {
    await cp(DIST, `${dir}/dist`, { recursive: true });
    collector = await startCollectorIn(dir, 0);
    own = await startServers(`${dir}/dist`, `${collector.url}/v1/reports`);
    context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
    page = await context.newPage();
    await page.addInitScript(countPersistCalls);
  });

  test.afterAll(() => context.close());

  test('a first visitor reads a photo, and then the page is ready offline, and says so once', async () => {
    await page.goto(own.site);
    await expect(page.getByTestId('offline-state')).toHaveText('Needs a connection once');
    await page.getByTestId('example').click();
    await expect(linesOf(page)).toHaveText(EXAMPLE_LINES);
    await readyOffline(page);
    await expect(page.getByTestId('keep')).toBeVisible();
    const saying = page.getByText(/offline|connection/i).filter({ visible: true });
    await expect(saying).toHaveText(['Ready offline']);
    await expect(page.getByTestId('update')).toBeHidden();
    await expectAccessible(page);
  });

  test('the browser is asked to keep the data when the person says so, and not before', async () => {
    const asked = () => page.evaluate(() => globalThis.persistCalls);
    expect(await asked()).toBe(0);
    await page.getByTestId('keep-now').click();
    await expect(page.getByTestId('keep-said')).toContainText('clear it'); // or will not: the browser's word
    expect(await asked()).toBe(1);
  });

  test('a file that is no picture is refused with a code, and with words what to do', async () => {
    const file = { name: 'x.png', mimeType: 'image/png', buffer: Buffer.from('words') };
    await page.getByTestId('file').setInputFiles(file);
    const problem = page.getByTestId('read-problem');
    await expect(problem).toHaveAttribute('data-error', 'decode-failed');
    await expect(problem).toContainText('Choose a photo as JPEG, PNG or WebP.');
  });

  test('the caches have nothing of the repository, no runtime of a GPU, and at most 6.2 MB', async () => {
    expect(await textOf(page, await gpuWorker())).toContain('webgpu'); // as when a backend is tried
    const kept = await addressesKept(page);
    expect(kept.filter((address) => !address.startsWith(own.site))).toEqual([]);
    expect(kept.join('\n')).not.toMatch(/timestamp|boot\/|chunks\/|metadata\/|targets\/|gpu|tfjs/);
    expect(await gzippedBytes(kept)).toBeLessThanOrEqual(PRECACHE_LIMIT);
  });

  test('a runtime of a GPU that the page has kept is answered from there', async () => {
    await page.evaluate(
      async (url) => {
        await (await caches.open('kept')).put(url, new Response('as it was kept'));
      },
      await gpuWorker(),
    );
    expect(await textOf(page, await gpuWorker())).toBe('as it was kept');
  });

  test('a changed service worker is offered as a new version, and reloading takes it', async () => {
    await appendFile(`${dir}/dist/sw.js`, '// another build\n');
    await page.reload();
    const update = page.getByTestId('update');
    await expect(update).toContainText('A new version of this app is ready.');
    await Promise.all([page.waitForEvent('load'), page.getByTestId('update-reload').click()]);
    await expect(update).toBeHidden();
    expect(await isUpdateWaiting(page)).toBe(false);
  });

  test('what was read is counted where the site names a collector, and the page says so', async () => {
    await expect(page.getByTestId('reported')).toHaveText('Only counts and timings are reported.');
    const runs = async () => {
      const answer = await fetch(`${collector.url}/v1/fleet/latency?model=ocr`);
      return answer.ok ? (await answer.json()).total.count : 0;
    };
    await expect.poll(runs).toBe(1);
  });

  test('with every server gone a photo is read and copied, and the page is isolated still', async () => {
    await Promise.all([own.close(), collector.close()]);
    await page.reload();
    await page.getByTestId('file').setInputFiles(EXAMPLE);
    await expect(linesOf(page)).toHaveText(EXAMPLE_LINES);
    await readyOffline(page);
    expect(await page.evaluate(() => globalThis.crossOriginIsolated)).toBe(true);
    await page.getByTestId('copy').click();
    await expect(page.getByTestId('copy')).toHaveText('Copied');
    expect(await clipboardOf(page)).toBe(EXAMPLE_LINES.join('\n'));
  });

  test('choosing a line, by its box or with arrow keys, selects its text, which can be copied', async () => {
    await page.getByTestId('boxes').locator('polygon').nth(3).click();
    expect(await selectionOf(page)).toBe('Apple cake');
    await page.keyboard.press('ArrowDown');
    expect(await selectionOf(page)).toBe('4.80');
    await page.getByTestId('copy-line').click();
    await expect(page.getByTestId('copy-line')).toHaveText('Copied');
    expect(await clipboardOf(page)).toBe('4.80');
  });
});

test('Chromium finds nothing that keeps the app from being installed, and every icon has the size that the manifest says', async () => {
  // In a context of a test, which is like a private window, nothing can be installed.
  const context = await chromium.launchPersistentContext(`${dir}/profile`, chromiumLaunch);
  const page = await context.newPage();
  await visitWithoutModel(page);
  const devtools = await context.newCDPSession(page);
  const { errors, data = '' } = await devtools.send('Page.getAppManifest');
  expect(errors).toEqual([]);
  const { installabilityErrors } = await devtools.send('Page.getInstallabilityErrors');
  expect(installabilityErrors).toEqual([]);
  const { icons, display }: { icons: Icon[]; display: string } = JSON.parse(data);
  expect(display).toBe('standalone');
  expect(icons.map(({ purpose = 'any' }) => purpose)).toEqual(['any', 'any', 'maskable']);
  for (const { src, sizes } of icons) expect(await sizesOf(page, src)).toBe(sizes);
  await context.close();
});

test('a failed start has a code, says what to do and begins again; it can be cancelled', async ({
  page,
}) => {
  await page.route(`${servers.repository}/**`, () => {}); // no answer
  const config = '**/nearside.config.json';
  await page.route(config, (route) => route.fulfill({ status: 404 }));
  await page.goto(servers.site);
  const problem = page.getByTestId('open-problem');
  await expect(problem).toHaveAttribute('data-error', 'config-broken');
  await expect(problem).toContainText('Tell those who run this site');
  await expect(page.getByTestId('offline-state')).toHaveText('Needs a connection once');
  await page.unroute(config);
  await page.getByTestId('retry').click();
  await expect(problem).toBeHidden();
  await page.getByTestId('cancel').click();
  await page.getByTestId('open-again').click();
  await expect(page.getByTestId('opening')).toBeVisible();
  await expect(page.getByTestId('reported')).toHaveText('Nothing is reported.');
});

test('a camera’s picture is taken, and the camera stops then and when the page is hidden', async ({
  page,
}) => {
  await page.addInitScript(imitateCamera);
  await visitWithoutModel(page);
  const isLive = () => page.evaluate(() => globalThis.imitated?.active ?? false);
  await page.getByTestId('camera-start').click();
  await expect(page.getByTestId('camera-shoot')).toBeFocused();
  expect(await isLive()).toBe(true);
  await page.getByTestId('camera-shoot').click();
  await expect(page.getByTestId('photo')).toBeVisible();
  expect(await isLive()).toBe(false);

  await page.getByTestId('camera-start').click();
  await expect(page.getByTestId('video')).toBeVisible();
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { value: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await expect(page.getByTestId('video')).toBeHidden();
  expect(await isLive()).toBe(false);
});

test('a page without a camera says so in words, and offers photos', async ({ page }) => {
  await visitWithoutModel(page);
  await page.getByTestId('camera-start').click();
  const problem = page.getByTestId('camera-problem');
  await expect(problem).toHaveAttribute('data-error', /^camera-(missing|refused)$/);
  await expect(problem).toContainText('hoose a photo');
});

interface Icon {
  readonly src: string;
  readonly sizes: string;
  readonly purpose?: string;
}

declare global {
  /** The stream of the camera that a test imitates. */
  var imitated: MediaStream | undefined;
  var persistCalls: number;
}

async function startServers(dist: string, report?: string) {
  const repository = await startRepository(published.repository, 0);
  const { pin } = published;
  const site = await startTextReader({
    repositoryUrl: repository.url,
    pin,
    report,
    dir: dist,
    port: 0,
  });
  return {
    site: site.url,
    repository: repository.url,
    close: () => Promise.all([site.close(), repository.close()]),
  };
}

const linesOf = (page: Page) => page.getByTestId('lines').locator('.line-text');
const clipboardOf = (page: Page) => page.evaluate(() => navigator.clipboard.readText());
const selectionOf = (page: Page) => page.evaluate(() => String(getSelection()));

async function readyOffline(page: Page): Promise<void> {
  await expect(page.getByTestId('offline-state')).toHaveText('Ready offline');
}

/** What the test looks at is there before the model. */
async function visitWithoutModel(page: Page): Promise<void> {
  await page.route(`${servers.repository}/**`, (route) => route.abort());
  await page.goto(servers.site);
}

async function textOf(page: Page, address: string): Promise<string> {
  return page.evaluate(async (url) => (await fetch(url)).text(), address);
}

/** Of every cache that the page's origin has. */
async function addressesKept(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const caching = (await caches.keys()).map((name) => caches.open(name));
    const requests = (await Promise.all(caching)).map((cache) => cache.keys());
    return (await Promise.all(requests)).flat().map(({ url }) => url);
  });
}

/** Of the files at these addresses, the configuration left out. */
async function gzippedBytes(addresses: string[]): Promise<number> {
  const paths = addresses.map((address) => new URL(address).pathname);
  const files = paths.filter((path) => path !== '/nearside.config.json');
  const sizes = files.map(async (path) => gzipSync(await readFile(`${DIST}${path}`)).byteLength);
  const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  test.info().annotations.push({ type: 'pwa-precache-bytes', description: String(bytes) });
  return bytes;
}

/** Its address from the page on. */
async function gpuWorker(): Promise<string> {
  const names = await readdir(`${DIST}/assets`);
  return `assets/${names.find((name) => name.startsWith('worker-onnx-webgpu'))}`;
}

/** @returns as a manifest writes them */
async function sizesOf(page: Page, icon: string): Promise<string> {
  return page.evaluate(async (src) => {
    const { width, height } = await createImageBitmap(await (await fetch(src)).blob());
    return `${width}x${height}`;
  }, icon);
}

async function isUpdateWaiting(page: Page): Promise<boolean> {
  return page.evaluate(async () => (await navigator.serviceWorker.ready).waiting !== null);
}

/** In the page: asks the browser nothing. */
function countPersistCalls(): void {
  globalThis.persistCalls = 0;
  navigator.storage.persist = async () => {
    globalThis.persistCalls += 1;
    return false;
  };
}

/** In the page: a camera that sees what is drawn here. */
function imitateCamera(): void {
  const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 240 });
  const context = canvas.getContext('2d');
  context?.fillText('Ferry', 20, 60);
  setInterval(() => context?.fillRect(0, 0, 1, 1), 50); // a stream has frames only of what changes
  navigator.mediaDevices.getUserMedia = async () => {
    globalThis.imitated = canvas.captureStream();
    return globalThis.imitated;
  };
}
