import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, type Page, test } from '@playwright/test';
import { listen } from '../scripts/listen.mjs';
import { root } from '../scripts/root.mjs';
import { serveSite } from '../scripts/serve-site.mjs';
import { serveDigits } from './digits-repository.js';
import { madeOnce } from './made-once.js';
import { gotoBarePage } from './serve-bare-page.js';

/** What is in the way of a page, and what it is told: each names the one thing to change. */

const served = {} as { digits: Awaited<ReturnType<typeof serveDigits>> };
let models: string;

test.beforeAll(async () => {
  served.digits = await serveDigits();
  models = new URL(served.digits.address.url).origin;
});
test.afterAll(() => served.digits.close());

type Site = Awaited<ReturnType<typeof serveSite>>;

function serve(headers: Record<string, string> = {}, dir = madeOnce('page')): Promise<Site> {
  return serveSite({ dir, config: {}, port: 0, isolated: false, headers });
}

function policy(directives: string): Record<string, string> {
  return { 'Content-Security-Policy': directives };
}

/** How `open` and a run end on a page: the backend, or the error. */
async function endOf(page: Page, site: Site, options: Record<string, unknown> = {}) {
  await gotoBarePage(page, site.url);
  return page.evaluate(
    async ({ url, options }) => {
      const { nearside, one } = globalThis as Scope;
      try {
        const model = await nearside.open(url, { tune: 'off', ...options });
        const { output, meta } = await model.run(one());
        await model.close();
        return { label: output[0].label, backend: meta.backend };
      } catch (error) {
        const { code, message, details } = error as Scope;
        return { code, message, details };
      }
    },
    {
      url: served.digits.address.url,
      options: { trust: served.digits.address.trust, ...options },
    },
  );
}

test('under the policy of the guide the light runtime serves the first visit, and nothing is refused', async ({
  page,
}) => {
  const site = await serve(
    policy(
      `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self' ${models}; img-src data:`,
    ),
  );
  const refused: string[] = [];
  page.on('console', (message) => message.type() === 'error' && refused.push(message.text()));
  expect(await endOf(page, site)).toEqual({ label: '1', backend: 'tfjs-wasm' });
  expect(refused).toEqual([]);
  await site.close();
});

test('a page whose server sends an integrity policy with every file has what a bundler made, where its import map has the hashes', async ({
  page,
}) => {
  const dir = await mkdtemp(join(tmpdir(), 'nearside-hashes-'));
  await cp(madeOnce('page'), dir, { recursive: true });
  await holdScripts(dir);
  const headers = { 'Integrity-Policy': 'blocked-destinations=(script)' };
  await cp(`${root}tests/fixtures/iris.onnx`, join(dir, 'iris.onnx'));
  const site = await serve(headers, dir);
  const unsigned = await endOfUnsigned(page, site); // its worker needs steps.js
  expect(unsigned).toEqual([1, 3]);
  expect(await endOf(page, site)).toEqual({ label: '1', backend: 'tfjs-wasm' });
  await site.close();
  await rm(dir, { recursive: true });
});

/** The shape of what a file that nobody signed gives. */
async function endOfUnsigned(page: Page, site: Site): Promise<number[]> {
  await gotoBarePage(page, site.url);
  return page.evaluate(async () => {
    const model = await (globalThis as Scope).nearside.openUnsigned('/iris.onnx');
    const x = { datatype: 'FP32', shape: [1, 4], data: Float32Array.of(5.1, 3.5, 1.4, 0.2) };
    const { output } = await model.run({ tensors: { x } });
    await model.close();
    return output.tensors.y.shape;
  });
}

/** Gives the page an import map with the hash of each of its scripts. */
async function holdScripts(dir: string): Promise<void> {
  const integrity: Record<string, string> = {};
  for (const name of await readdir(join(dir, 'assets'))) {
    if (!name.endsWith('.js')) continue;
    const bytes = await readFile(join(dir, 'assets', name));
    integrity[`/assets/${name}`] = `sha384-${createHash('sha384').update(bytes).digest('base64')}`;
  }
  const file = join(dir, 'index.html');
  const html = await readFile(file, 'utf8');
  const held = html.replace(
    /<script type="module"[^>]* src="([^"]*)"/,
    (tag, src) => `${tag} integrity="${integrity[src]}"`,
  );
  const map = `<script type="importmap">${JSON.stringify({ integrity })}</script>`;
  await writeFile(file, held.replace('<script', `${map}<script`));
}

test('under Document-Isolation-Policy alone a run is shared between CPU threads', async ({
  page,
  browserName,
}) => {
  test.skip(browserName !== 'chromium', 'other engines do not know the header');
  const site = await serve({ 'Document-Isolation-Policy': 'isolate-and-credentialless' });
  await gotoBarePage(page, site.url);
  const seen = await page.evaluate(async ({ url, trust }) => {
    const { nearside, one, crossOriginIsolated, navigator } = globalThis as Scope;
    const model = await nearside.open(url, { trust, backend: 'onnx-wasm', tune: 'off' });
    const { output, meta } = await model.run(one());
    const { threadsReason } = model.stats();
    await model.close();
    const expected = Math.min(4, navigator.hardwareConcurrency);
    const isShared = meta.threads === expected && expected > 1;
    return { crossOriginIsolated, label: output[0].label, isShared, threadsReason };
  }, served.digits.address);
  expect(seen).toEqual({
    crossOriginIsolated: true,
    label: '1',
    isShared: true,
    threadsReason: undefined,
  });
  await site.close();
});

const BLOCKED: {
  what: string;
  headers: (models: string) => Record<string, string>;
  code: string;
  says: (models: string) => string;
}[] = [
  {
    what: '`worker-src` without the page’s own origin',
    headers: () => policy("worker-src 'none'"),
    code: 'worker-blocked',
    says: () => "add 'self' to `worker-src`",
  },
  {
    what: '`connect-src` without the repository',
    headers: () => policy("connect-src 'self'"),
    code: 'network-failed',
    says: (models) => `add ${models} to \`connect-src\``,
  },
  {
    what: 'Trusted Types that do not know the library’s policy',
    headers: () => policy("require-trusted-types-for 'script'; trusted-types another"),
    code: 'worker-blocked',
    says: () => 'add `nearside` to `trusted-types`',
  },
  {
    what: '`script-src` without WebAssembly',
    headers: () => policy("script-src 'self'"),
    code: 'wasm-blocked',
    says: () => "'wasm-unsafe-eval'",
  },
];

test('four threads on a page that is not isolated are one, and `stats()` and `explainBackend()` say why', async ({
  page,
}) => {
  const site = await serve();
  await gotoBarePage(page, site.url);
  const ask = (backend: string) =>
    page.evaluate(
      async ({ url, trust, backend }) => {
        const { nearside } = globalThis as Scope;
        const model = await nearside.open(url, { trust, backend, threads: 4, tune: 'off' });
        const [{ message }] = await model.explainBackend();
        const { threads, threadsReason } = model.stats();
        await model.close();
        return { threads, threadsReason, message };
      },
      { ...served.digits.address, backend },
    );
  for (const [backend, why] of [
    ['onnx-wasm', 'the page is not cross-origin isolated'],
    ['tfjs-wasm', 'tfjs-wasm has no more'],
  ] as const) {
    const reason = `1 of 4 threads: ${why}`;
    expect(await ask(backend)).toEqual({ threads: 1, threadsReason: reason, message: reason });
  }
  await site.close();
});

/** A server for the model's address that answers as given. */
async function openAt(page: Page, url: string, options: Scope = {}) {
  const site = await serve();
  await gotoBarePage(page, site.url);
  const error = await page.evaluate(
    ({ url, ...options }) =>
      (globalThis as Scope).nearside.open(url, options).catch(({ code, message }: Scope) => ({
        code,
        message,
      })),
    { url, trust: served.digits.address.trust, ...options },
  );
  await site.close();
  return { error, origin: new URL(site.url).origin };
}

test('a server without CORS headers is told which to send', async ({ page }) => {
  const silent = createServer((_request, response) => response.end('{}'));
  const models = await listen(silent, 0);
  const { error, origin } = await openAt(page, `${models.url}digits`);
  expect(error).toMatchObject({
    code: 'network-failed',
    message: expect.stringMatching(
      new RegExp(
        `^Expected ${models.url}\\S+ to be readable .*\`Access-Control-Allow-Origin: ${origin}\``,
      ),
    ),
  });
  await models.close();
});

test('a server that takes no headers from another origin is told which to allow', async ({
  page,
}) => {
  const strict = createServer((_request, response) => {
    response.setHeader('Access-Control-Allow-Origin', '*').end('{}');
  });
  const models = await listen(strict, 0);
  const request = { headers: { authorization: 'Bearer of the test' } };
  const { error } = await openAt(page, `${models.url}digits`, { request });
  expect(error).toMatchObject({
    code: 'network-failed',
    message: expect.stringMatching(/`Access-Control-Allow-Headers: authorization`\. See/),
  });
  await models.close();
});

test('where no server is, `network-failed` says so and names the address', async ({ page }) => {
  const models = await listen(createServer(), 0);
  await models.close();
  const { error } = await openAt(page, `${models.url}digits`);
  const { origin } = new URL(models.url);
  expect(error).toMatchObject({
    code: 'network-failed',
    message: expect.stringMatching(
      new RegExp(
        `^Expected an answer of ${models.url}\\S+, got none: no server answers at ${origin}\\. See`,
      ),
    ),
  });
});

test('a page that was opened as a file is told to be served', async ({ page, browserName }) => {
  const dir = await mkdtemp(join(tmpdir(), 'nearside-file-page-'));
  const script = pathToFileURL(`${root}packages/nearside/dist/nearside.global.js`).href;
  await writeFile(join(dir, 'index.html'), `<!doctype html><script src="${script}"></script>`);
  await page.goto(pathToFileURL(join(dir, 'index.html')).href);
  const urls = ['models/digits'];
  if (browserName === 'chromium') urls.push(served.digits.address.url); // Firefox starts the worker
  for (const url of urls) {
    const error = await page.evaluate(
      ({ url, trust }) =>
        (globalThis as Scope).nearside.open(url, { trust }).catch(({ code, message }: Scope) => ({
          code,
          message,
        })),
      { url, trust: served.digits.address.trust },
    );
    expect(error).toMatchObject({
      code: 'worker-blocked',
      message: expect.stringMatching(
        /^Expected a page from a server, got one from file:.*npx vite/,
      ),
    });
  }
  await rm(dir, { recursive: true });
});

for (const { what, headers, code, says } of BLOCKED) {
  test(`${what}: ${code}, and what to allow`, async ({ page }) => {
    const site = await serve(headers(models));
    expect(await endOf(page, site)).toMatchObject({
      code,
      message: expect.stringContaining(says(models)),
    });
    await site.close();
  });
}

test('where the light runtime cannot be had a heavier one serves, and `stats().opening.failures` says why', async ({
  page,
}) => {
  const site = await serve();
  await page.route('**/*tfjs-backend-wasm*', (route) => route.fulfill({ status: 404 }));
  await gotoBarePage(page, site.url);
  const { backend, opening } = await page.evaluate(async ({ url, trust }) => {
    const { nearside, one } = globalThis as Scope;
    const model = await nearside.open(url, { trust, tune: 'off' });
    await model.run(one());
    await model.close();
    return model.stats();
  }, served.digits.address);
  expect(backend).toBe('onnx-wasm');
  expect(opening.failures).toEqual([
    expect.objectContaining({ backend: 'tfjs-wasm', code: 'assets-unreachable' }),
  ]);
  await site.close();
});

test('`connect-src` without the collector: the model runs, and `stats().reports.problem` says what to allow', async ({
  page,
}) => {
  const site = await serve(policy(`connect-src 'self' ${models}`));
  await gotoBarePage(page, site.url);
  const problem = await page.evaluate(async ({ url, trust }) => {
    const { nearside, one } = globalThis as Scope;
    const model = await nearside.open(url, { trust, report: 'http://127.0.0.1:9/v1/reports' });
    await model.run(one());
    await model.close();
    return model.stats().reports.problem;
  }, served.digits.address);
  expect(problem).toContain('add http://127.0.0.1:9 to `connect-src`');
  await site.close();
});

test('with Trusted Types that know the library’s policy a model opens, and a missing file is called that', async ({
  page,
}) => {
  const site = await serve(policy("require-trusted-types-for 'script'; trusted-types nearside"));
  expect(await endOf(page, site)).toMatchObject({ label: '1' });
  expect(await endOf(page, site, { assets: '/nowhere/' })).toMatchObject({
    code: 'assets-unreachable',
    message: expect.stringContaining('status 404'),
  });
  await site.close();
});

test.describe('worker files', () => {
  let dir: string;
  test.beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'nearside-blocked-'));
    await cp(madeOnce('page'), dir, { recursive: true });
  });
  test.afterAll(() => rm(dir, { recursive: true }));

  test('that are not there: assets-unreachable with address and status', async ({ page }) => {
    const site = await serve();
    expect(await endOf(page, site, { assets: '/nowhere/' })).toMatchObject({
      code: 'assets-unreachable',
      message: expect.stringMatching(
        /\/nowhere\/worker-tfjs-wasm\.js, got status 404\. Serve a copy of .*dist\/assets/,
      ),
    });
    await site.close();
  });

  test('where Vite 6 and 7 look when they have moved the library: the line for their dev server', async ({
    page,
  }) => {
    const site = await serve();
    await page.route('**/node_modules/**', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }),
    );
    for (const assets of ['/node_modules/assets/', '/node_modules/.vite/assets/']) {
      expect(await endOf(page, site, { assets })).toMatchObject({
        code: 'assets-unreachable',
        message: expect.stringMatching(
          /got a web page\. .*optimizeDeps: \{ exclude: \['nearside'\] \}/,
        ),
      });
    }
    await site.close();
  });

  test('with a wrong content type: the type is named', async ({ page }) => {
    const site = await serve();
    await page.route('**/plain/**', (route) =>
      route.fulfill({ contentType: 'text/plain', body: 'postMessage(0)' }),
    );
    expect(await endOf(page, site, { assets: '/plain/' })).toMatchObject({
      code: 'assets-unreachable',
      message: expect.stringContaining('content type text/plain'),
    });
    await site.close();
  });

  test('of another origin without CORS: the header is named', async ({ page }) => {
    const site = await serve();
    const cdn = await serve();
    expect(await endOf(page, site, { assets: `${cdn.url}/assets/` })).toMatchObject({
      code: 'assets-unreachable',
      message: expect.stringContaining('`Access-Control-Allow-Origin`'),
    });
    await Promise.all([site.close(), cdn.close()]);
  });

  test('of another origin where `worker-src` has no `blob:`: the directive, or a copy on the own origin', async ({
    page,
  }) => {
    const cdn = await serve({ 'Access-Control-Allow-Origin': '*' });
    const site = await serve(policy("worker-src 'self'"));
    expect(await endOf(page, site, { assets: `${cdn.url}/assets/` })).toMatchObject({
      code: 'worker-blocked',
      message: expect.stringMatching(/add blob: to `worker-src`, or serve a copy.*`assets`/),
    });
    await Promise.all([site.close(), cdn.close()]);
  });
});

test('a page that is not secure: insecure-context before any worker is fetched', async ({
  page,
}) => {
  const site = await serve();
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  const insecure = { ...site, url: site.url.replace('localhost', 'insecure.test') };
  await page.route('http://insecure.test:*/**', async (route) => {
    const url = route.request().url().replace('insecure.test', 'localhost');
    await route.fulfill({ response: await route.fetch({ url }) });
  });
  expect(await endOf(page, insecure)).toMatchObject({ code: 'insecure-context' });
  expect(asked.filter((url) => /worker|wasm|digits/.test(url))).toEqual([]);
  await site.close();
});

test('in a frame with `sandbox` alone: allow-same-origin is named, or the model opens', async ({
  page,
  browserName,
}) => {
  const site = await serve({ 'Access-Control-Allow-Origin': '*' });
  await page.goto(`${site.url}/nearside.config.json`);
  await page.setContent(`<iframe sandbox="allow-scripts" src="${site.url}/index.html"></iframe>`);
  await expect.poll(() => page.frames().length).toBe(2);
  const frame = page.frames()[1] as Scope;
  await frame.waitForSelector('html[data-ready=yes]', { state: 'attached' });
  const end = await frame.evaluate(async ({ url, trust }: { url: string; trust: string }) => {
    const { nearside, one } = globalThis as Scope;
    try {
      const model = await nearside.open(url, { trust, tune: 'off' });
      const { output } = await model.run(one());
      await model.close();
      return output[0].label;
    } catch (error) {
      return (error as Error).message;
    }
  }, served.digits.address);
  if (browserName === 'firefox') expect(end).toBe('1');
  else expect(end).toContain('allow-same-origin');
  await site.close();
});

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
