import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import { expect, test } from '@playwright/test';
import { chromiumPath } from '../scripts/chromium.mjs';
import { listen } from '../scripts/listen.mjs';
import { root } from '../scripts/root.mjs';
import { serveDigits } from './digits-repository.js';

const DIST = `${root}packages/nearside/dist/`;
const TYPES: Record<string, string> = { js: 'text/javascript', wasm: 'application/wasm' };

/** A service worker that answers one file as an older build had it. */
const SERVICE_WORKER = `
  addEventListener('install', () => skipWaiting());
  addEventListener('activate', (event) => event.waitUntil(clients.claim()));
  addEventListener('fetch', (event) => {
    if (!event.request.url.endsWith('steps.js')) return;
    event.respondWith(new Response('// old', { headers: { 'Content-Type': 'text/javascript' } }));
  });`;

const digits = {} as Awaited<ReturnType<typeof serveDigits>>;

test.beforeAll(async () => {
  Object.assign(digits, await serveDigits());
});
test.afterAll(() => digits.close());

/** A page without a bundler, isolated and under a policy, that opens the model. */
function servePage() {
  const { url, trust } = digits.address;
  const script = `
    import { open } from 'nearside';
    navigator.serviceWorker.register('/sw.js');
    await open('${url}', { trust: '${trust}' });`;
  const html =
    '<!doctype html><script type="importmap">{"imports":{"nearside":"/nearside.module.js"}}</script>' +
    `<script type="module">${script}</script>`;
  const headers = {
    'Content-Encoding': 'gzip',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Content-Security-Policy':
      "default-src 'none'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; worker-src 'self'; " +
      `connect-src 'self' ${new URL(url).origin}`,
  };
  const server = createServer(async ({ url: path = '/' }, response) => {
    const own = { '/': html, '/sw.js': SERVICE_WORKER }[path];
    const bytes = own ?? (await readFile(DIST + path).catch(() => undefined));
    const type = path === '/' ? 'text/html' : TYPES[path.split('.').at(-1) ?? ''];
    response.writeHead(bytes ? 200 : 404, { ...headers, 'Content-Type': type ?? 'text/plain' });
    response.end(bytes && gzipSync(bytes, { level: 0 }));
  });
  return listen(server, 0);
}

test('doctor --browser opens the page and its model, and finds a service worker with an old file @long', async () => {
  process.env.CHROMIUM ??= chromiumPath;
  const { doctor } = await import('../packages/publisher/dist/index.js');
  const site = await servePage();
  try {
    const { findings, notes, browser } = await doctor({
      ...{ address: site.url, browser: true },
      sandbox: process.getuid?.() !== 0,
    });
    expect(notes).toEqual([]);
    expect(findings.map(({ code, files }) => [code, files[0]])).toEqual([
      ['old-service-worker', new URL('/assets/steps.js', site.url).href],
    ]);
    expect(browser?.backends).toContainEqual(
      expect.objectContaining({ backend: expect.any(String), verdict: 'serving' }),
    );
    const asked = browser?.waterfall.map(({ url }) => new URL(url).pathname) ?? [];
    expect(asked[0]).toBe('/');
    expect(asked.filter((path) => path.startsWith('/assets/worker-'))).not.toEqual([]);
    expect(asked.filter((path) => path.includes('/chunks/'))).not.toEqual([]);
  } finally {
    await site.close();
  }
});
