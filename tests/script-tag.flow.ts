import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { root } from '../scripts/root.mjs';
import { serveSite } from '../scripts/serve-site.mjs';
import { serveDigits } from './digits-repository.js';
import { serveCdn } from './serve-cdn.js';

const DIST = `${root}packages/nearside/dist`;

/** A white stroke on black, 28 × 28. */
const ONE = `${root}tests/fixtures/one.png`;

const served = {} as {
  cdn: Awaited<ReturnType<typeof serveSite>>;
  digits: Awaited<ReturnType<typeof serveDigits>>;
};
let dir: string;

test.beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'nearside-script-tag-'));
  served.cdn = await serveCdn();
  served.digits = await serveDigits();
});

test.afterAll(async () => {
  await Promise.all([served.cdn.close(), served.digits.close(), rm(dir, { recursive: true })]);
});

/** The page of the guide with addresses, pin and hash filled in; its script is a file, for policies without inline code. */
async function guidePage(block: number): Promise<{ html: string; script: string }> {
  const { url, trust } = served.digits.address;
  const guide = await readFile(`${root}docs/guide/script-tag.md`, 'utf8');
  const whole = [...guide.matchAll(/```html\n([^`]*)```/g)][block]?.[1] ?? '';
  expect(whole.trim().split('\n').length).toBeLessThan(20);
  const html = whole
    .replace('https://cdn.example/nearside/dist/', served.cdn.url)
    .replace('https://cdn.example/models/digits', url)
    .replace('sha256-…', trust)
    .replace('sha384-…', await hashOf('nearside.global.js'));
  const script = html.match(/<script>([\s\S]*?)<\/script>/)?.[1] ?? '';
  return { html, script };
}

async function hashOf(file: string): Promise<string> {
  return sha384(await readFile(`${DIST}/${file}`));
}

/** As `integrity` takes it. */
function sha384(bytes: Uint8Array): string {
  return `sha384-${createHash('sha384').update(bytes).digest('base64')}`;
}

async function serveGuidePage(headers: Record<string, string>, isolated: boolean) {
  const { html, script } = await guidePage(0);
  await writeFile(`${dir}/app.js`, script);
  const held = sha384(Buffer.from(script));
  await writeFile(
    `${dir}/index.html`,
    html.replace(
      `<script>${script}</script>`,
      `<script src="/app.js" integrity="${held}" crossorigin></script>`,
    ),
  );
  return serveSite({ dir, config: {}, port: 0, isolated, headers });
}

async function readOne(page: Page): Promise<void> {
  await expect(page.locator('output')).toHaveText('Ready.');
  await page.setInputFiles('input', ONE);
  await expect(page.locator('output')).toHaveText('1');
}

function policyOf({ url }: { url: string }, models: string): Record<string, string> {
  return {
    'Content-Security-Policy':
      `default-src 'none'; style-src 'unsafe-inline'; script-src 'self' ${url} 'wasm-unsafe-eval'; ` +
      `worker-src blob:; connect-src ${url} ${models}`,
  };
}

for (const isolated of [true, false]) {
  test(`the page of the guide reads a digit with the script from another origin, under a strict policy, ${isolated ? 'isolated' : 'not isolated'}`, async ({
    page,
  }) => {
    const models = new URL(served.digits.address.url).origin;
    const site = await serveGuidePage(policyOf(served.cdn, models), isolated);
    const refused: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().includes('favicon'))
        refused.push(message.text());
    });
    await page.goto(site.url);
    await readOne(page);
    expect(refused).toEqual([]);
    await site.close();
  });
}

for (const file of ['worker-tfjs-wasm.js', 'tfjs-backend-wasm-simd.wasm']) {
  test(`${file} of the other origin that is not the one this script was built with is refused, and another backend serves`, async ({
    page,
  }) => {
    await page.route(`**/${file}`, async (route) => {
      const response = await route.fetch();
      // An empty custom section does no harm to a module, and a comment none to a script.
      const end = file.endsWith('.js') ? '\n//' : Buffer.of(0, 1, 0);
      const body = Buffer.concat([await response.body(), Buffer.from(end)]);
      await route.fulfill({ response, body });
    });
    const site = await serveGuidePage({}, false);
    await page.goto(site.url);
    await readOne(page);
    await page.addScriptTag({ content: 'globalThis.model = model' });
    const { backend, opening } = await page.evaluate(async () =>
      (await (globalThis as Scope).model).stats(),
    );
    expect(backend).toBe('onnx-wasm');
    expect(opening.failures).toEqual([
      expect.objectContaining({ backend: 'tfjs-wasm', code: 'assets-unreachable' }),
    ]);
    await site.close();
  });
}

test('a worker from a Blob has the steps of steps.js in its text, and nothing is imported', async ({
  page,
}) => {
  const digits = await serveDigits();
  await digits.release({
    version: '2.0.0',
    sequence: 2,
    edit: ({ postprocessing }) => postprocessing.unshift({ step: 'temperature', temperature: 1 }),
  });
  const { url, trust } = digits.address;
  const models = [served.digits.address.url, url].map((address) => new URL(address).origin);
  const site = await serveGuidePage(policyOf(served.cdn, models.join(' ')), false);
  await page.goto(site.url);
  const result = await page.evaluate(
    async ({ url, trust }) => {
      const model = await (globalThis as Scope).nearside.open(url, { trust });
      const { output, meta } = await model.run(new ImageData(28, 28));
      return `${output.length} labels by ${meta.version}`;
    },
    { url, trust },
  );
  expect(result).toMatch(/^\d+ labels by 2\.0\.0$/);
  await Promise.all([site.close(), digits.close()]);
});

test('a steps.js of the other origin that is not the one this script was built with starts no worker', async ({
  page,
}) => {
  await page.route('**/steps.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${await response.text()}//` });
  });
  const site = await serveGuidePage({}, false);
  await page.goto(site.url);
  await expect(page.locator('output')).toHaveText(/steps\.js, got another file than this build's/);
  await site.close();
});

test('a second part that is not the one of this build is never run, and is asked for twice', async ({
  page,
}) => {
  let asked = 0;
  await page.route('**/nearside.later.js', async (route) => {
    asked += 1;
    const response = await route.fetch();
    await route.fulfill({ response, body: `globalThis.stolen = true;${await response.text()}` });
  });
  const site = await serveGuidePage({}, false);
  await page.goto(site.url);
  await readOne(page);
  const code = await page.evaluate(() =>
    (globalThis as Scope).nearside.clear({ everything: true }).catch((error: Scope) => error.code),
  );
  expect(code).toBe('assets-unreachable');
  expect(await page.evaluate(() => (globalThis as Scope).stolen)).toBeUndefined();
  expect(asked % 2).toBe(0);
  await site.close();
});

test('the hashes of the runtime files are in the first script alone', async () => {
  const [first, second] = await Promise.all(
    ['nearside.global.js', 'nearside.later.js'].map((file) => readFile(`${DIST}/${file}`, 'utf8')),
  );
  expect(first).toContain(await hashOf('assets/steps.js'));
  expect(second).not.toContain('sha384-');
});

test('the second part is loaded after the first result, and counted runs are reported', async ({
  page,
}) => {
  const site = await serveGuidePage({}, false);
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(site.url);
  await readOne(page);
  await expect.poll(() => asked).toContain('/nearside.later.js');
  const ok = () => page.evaluate(async () => (await (globalThis as Scope).model).stats().ok);
  await page.addScriptTag({ content: 'globalThis.model = model' });
  await expect.poll(ok).toBe(1);
  const p50 = () =>
    page.evaluate(async () => (await (globalThis as Scope).model).stats().latencyMs.p50 ?? 0);
  await expect.poll(p50).toBeGreaterThan(0);
  await site.close();
});

test('with an import map of one entry the same is one module, of few requests', async ({
  page,
}) => {
  const { html } = await guidePage(1);
  const shown = html.replace('</script>\n', '</script>\n').replace(
    /(const model[^\n]*)/,
    `$1
     const { data } = Object.assign(new ImageData(28, 28));
     for (let y = 5; y < 23; y += 1) data.fill(255, (y * 28 + 13) * 4, (y * 28 + 15) * 4);
     const { output } = await model.run({ data, width: 28, height: 28 });
     document.title = output[0].label;`,
  );
  await writeFile(`${dir}/index.html`, `<!doctype html><link rel="icon" href="data:,">${shown}`);
  const site = await serveSite({ dir, config: {}, port: 0, isolated: false });
  let requests = 0;
  page.on('request', (request) => {
    if (request.url().startsWith(served.cdn.url)) requests += 1;
  });
  await page.goto(site.url);
  await expect(page).toHaveTitle('1');
  expect(requests).toBeLessThanOrEqual(10);
  await site.close();
});

/** Chromium and Firefox know it; a page elsewhere is as before. */
const HASHES_ALONE = { 'Integrity-Policy': 'blocked-destinations=(script)' };

test('a page that takes no script without a hash has both parts of the script tag and its workers', async ({
  page,
}) => {
  const site = await serveGuidePage(HASHES_ALONE, false);
  await page.goto(site.url);
  await readOne(page);
  await page.addScriptTag({ content: 'globalThis.model = model' });
  const p50 = () =>
    page.evaluate(async () => (await (globalThis as Scope).model).stats().latencyMs.p50 ?? 0);
  await expect.poll(p50).toBeGreaterThan(0); // counted by the second part
  await site.close();
});

test('such a page has the one module where its import map has the hash, and not otherwise', async ({
  page,
}) => {
  const { html } = await guidePage(1);
  const module = `${served.cdn.url}nearside.module.js`;
  const shown = html.replace(
    /(const model[^\n]*)/,
    '$1\n  document.title = model.stats().backend;',
  );
  const site = await serveSite({
    dir,
    config: {},
    port: 0,
    isolated: false,
    headers: HASHES_ALONE,
  });
  await writeFile(`${dir}/index.html`, `<!doctype html><link rel="icon" href="data:,">${shown}`);
  await page.goto(site.url);
  const isLoaded = () =>
    page.evaluate((url) => import(url).then(() => true).catch(() => false), module);
  expect(await isLoaded()).toBe(false);

  const integrity = JSON.stringify({ [module]: await hashOf('nearside.module.js') });
  const held = shown.replace('} }\n</script>', `}, "integrity": ${integrity} }\n</script>`);
  expect(held).not.toBe(shown);
  await writeFile(`${dir}/index.html`, `<!doctype html><link rel="icon" href="data:,">${held}`);
  await page.goto(site.url);
  await expect(page).toHaveTitle('tfjs-wasm');
  expect(await isLoaded()).toBe(true);
  await site.close();
});

test('the page of the guide finds a text with the module for search, which is all that it fetches', async ({
  page,
}) => {
  const { html } = await guidePage(2);
  await writeFile(`${dir}/index.html`, `<!doctype html><link rel="icon" href="data:,">${html}`);
  const site = await serveSite({ dir, config: {}, port: 0, isolated: false });
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(site.url);
  await expect(page.locator('output')).toHaveText('cache');
  expect(asked).toEqual(['/', '/nearside.search.js']);
  await site.close();
});

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
