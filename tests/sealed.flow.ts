import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import sirv from 'sirv';
import { listen } from '../scripts/listen.mjs';
import { root } from '../scripts/root.mjs';
import { madeOnce } from './made-once.js';
import { gotoBarePage } from './serve-bare-page.js';

/** A page with a sealed model beside it, as a site has it that is built from `public/`. */
let site: Awaited<ReturnType<typeof serveSealed>>;

test.beforeAll(async () => {
  site = await serveSealed();
});

test.afterAll(() => site.close());

test.beforeEach(() => {
  site.requests.length = 0;
  site.beforeWorkers = '';
});

async function serveSealed() {
  const { seal } = await import('../packages/publisher/dist/index.js');
  const dir = await mkdtemp(join(tmpdir(), 'nearside-sealed-'));
  for (const name of await readdir(madeOnce('page'))) {
    await symlink(join(madeOnce('page'), name), join(dir, name));
  }
  await mkdir(join(dir, 'models'));
  const out = join(dir, 'models/digits');
  const modelDirectory = `${root}models/digits`;
  const { integrity } = await seal({ modelDirectory, out, onnxRuntime: 'common' });

  const state = { requests: [] as string[], beforeWorkers: '', changedWorkers: 0 };
  const files = sirv(dir, { dev: true });
  const server = createServer(async (request, response) => {
    const { url = '' } = request;
    for (const [name, value] of Object.entries(ISOLATION)) response.setHeader(name, value);
    if (url.startsWith('/models/'))
      state.requests.push(url.replace(/^\/models\/(?:digits\/)?/, ''));
    if (/\/worker-[^/]*\.js$/.test(url) && state.beforeWorkers) {
      state.changedWorkers += 1;
      response.setHeader('content-type', 'text/javascript');
      response.end(state.beforeWorkers + (await readFile(join(dir, url), 'utf8')));
      return;
    }
    files(request, response, () => {
      response.writeHead(404).end();
    });
  });
  const { url, close } = await listen(server, 0);
  return Object.assign(state, {
    url,
    integrity,
    /** Signs the same model, and adds it to a repository above its folder. */
    async publish() {
      const { generateKeys, pack, publish } = await import('../packages/publisher/dist/index.js');
      const made = await mkdtemp(join(tmpdir(), 'nearside-keys-'));
      const keys = join(made, 'keys');
      const packed = join(made, 'packed');
      await generateKeys({ out: keys });
      await pack({ modelDirectory, out: packed, onnxRuntime: 'common' });
      const { pin } = await publish({ packed, repository: join(dir, 'models'), keys });
      await rm(made, { recursive: true });
      return pin;
    },
    /** Files of the folder that are weights, by their paths in it. */
    weights: await pathsOfWeights(out),
    async close() {
      await close();
      await rm(dir, { recursive: true });
    },
  });
}

const ISOLATION = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

async function pathsOfWeights(folder: string): Promise<Set<string>> {
  const [seal = ''] = await readdir(join(folder, 'seals'));
  const { files, inline } = JSON.parse(await readFile(join(folder, 'seals', seal), 'utf8'));
  const read = (name: string) => JSON.parse(Buffer.from(inline[files[name]], 'base64').toString());
  const { variants } = read('model.json');
  const names: string[] = variants.flatMap((variant: { files: string[] }) => variant.files);
  const layout = read('layout.json');
  const chunks: [string, number, number?][] = names.flatMap((name) => layout.files[name]);
  return new Set(chunks.map(([sha256, , gzip]) => `chunks/${sha256}${gzip ? '.z' : ''}`));
}

/** Opens the sealed digits by an address that is relative to the page, and reads a one. */
async function readOne(page: Page, options: object) {
  return page.evaluate(async (options) => {
    const { nearside, one } = globalThis as Scope;
    const model = await nearside.open('models/digits', { tune: 'off', ...options });
    const { output, meta } = await model.run(one());
    const update = (await model.update()) ?? 'nothing';
    const { verdict, opening } = model.stats();
    await model.close();
    return { label: output[0].label, meta, update, verdict, origin: opening.origin };
  }, options);
}

test('a sealed model takes one request before its weights, and none on a second visit', async ({
  page,
}) => {
  const { requests, weights, integrity } = site;
  await gotoBarePage(page, site.url);
  const served = { label: '1', update: 'nothing', verdict: 'proven' };
  expect(await readOne(page, { integrity })).toMatchObject({ ...served, origin: 'network' });
  expect(requests[0]).toMatch(/^seals\/[0-9a-f]{64}\.json$/);
  expect(requests.filter((path) => !weights.has(path))).toHaveLength(1);
  expect(requests.length).toBeGreaterThan(1);

  requests.length = 0;
  await page.reload();
  await gotoBarePage(page, site.url);
  expect(await readOne(page, { integrity })).toMatchObject({ ...served, origin: 'store' });
  expect(requests).toEqual([]);
});

test('a sealed model opens in a browser that has neither Ed25519 nor ECDSA', async ({ page }) => {
  site.beforeWorkers =
    'for (const name of ["verify", "importKey"]) delete SubtleCrypto.prototype[name];';
  await gotoBarePage(page, site.url);
  expect(await readOne(page, { integrity: site.integrity })).toMatchObject({ label: '1' });
  expect(site.changedWorkers).toBeGreaterThan(0);
});

test('prefetch, canRun and an engine take a sealed model', async ({ page }) => {
  await gotoBarePage(page, site.url);
  const told = await page.evaluate(async (integrity) => {
    const { nearside, one } = globalThis as Scope;
    const options = { integrity, backend: 'onnx-wasm' };
    const { verdict } = await nearside.canRun('models/digits', options);
    const { version } = await nearside.prefetch('models/digits', options);
    const engine = nearside.createEngine();
    const model = await engine.open('models/digits', options);
    const { output } = await model.run(one());
    const { versions } = await model.storage();
    await engine.close();
    return [verdict, version, output[0].label, versions.map(({ role }: Scope) => role)];
  }, site.integrity);
  expect(told).toEqual(['yes', '1.0.0', '1', ['active']]);
});

test('a page that steps up from a hash to a pin fetches no weight again, and later asks for metadata alone', async ({
  page,
}) => {
  const { requests, weights, integrity } = site;
  await gotoBarePage(page, site.url);
  const options = { backend: 'onnx-wasm' };
  await readOne(page, { ...options, integrity });
  expect(requests.filter((path) => weights.has(path))).not.toEqual([]);

  const trust = await site.publish();
  await gotoBarePage(page, site.url);
  requests.length = 0;
  expect(await readOne(page, { ...options, trust })).toMatchObject({
    label: '1',
    verdict: 'proven',
  });
  expect(requests).toContain('metadata/timestamp.json');
  expect(requests.filter((path) => weights.has(path))).toEqual([]);

  requests.length = 0;
  await gotoBarePage(page, site.url);
  expect(await readOne(page, { ...options, trust })).toMatchObject({ origin: 'store' });
  expect(requests).toContain('metadata/timestamp.json');
  expect(requests.filter((path) => !path.startsWith('metadata/'))).toEqual([]);
});

test('a hash that the folder has no seal of is refused with those that it offers', async ({
  page,
}) => {
  await gotoBarePage(page, site.url);
  const integrity = `sha256-${'A'.repeat(43)}=`;
  const error = await page.evaluate(async (integrity) => {
    const { nearside } = globalThis as Scope;
    return nearside.open('models/digits', { integrity }).catch(({ code, message }: Scope) => {
      return { code, message };
    });
  }, integrity);
  expect(error.code).toBe('model-not-found');
  for (const part of [integrity, site.integrity, 'deployed without its page']) {
    expect(error.message).toContain(part);
  }
});

// biome-ignore lint/suspicious/noExplicitAny: the page's own globals
type Scope = any;
