import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { expect, type Page } from '@playwright/test';
import { listen } from '../scripts/listen.mjs';
import { serveDigits } from './digits-repository.js';
import { test } from './one-page.js';
import { gotoBarePage } from './serve-bare-page.js';
import { serveForTests } from './serve-for-tests.js';

const served = serveForTests();

// Each test has a repository of its own, whose answers are nobody else's.
test.beforeAll(({ onePage }) => gotoBarePage(onePage, served.site.url));

/** What the browser may keep for ever, as a CDN says of all files but two. */
const IMMUTABLE = { 'Cache-Control': 'public, max-age=31536000, immutable' };

type Fault = (response: ServerResponse, bytes: Buffer) => void;

const flipped: Fault = (response, bytes) => {
  const middle = bytes.length >> 1;
  response.end(bytes.fill((bytes[middle] ?? 0) ^ 1, middle, middle + 1));
};
const signInPage: Fault = (response) => {
  response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>Sign in</title>');
};
const absent: Fault = (response) => {
  response.writeHead(404).end();
};

/** A repository without a boot file, whose every answer may be cached, with faults. */
async function serveCacheable(repository: string) {
  /** By a part of the path, each for one answer; or for all. */
  const faults = { once: new Map<string, Fault>(), always: undefined as Fault | undefined };
  /** Of every answer, in order: status and path. */
  const answers: string[] = [];
  const server = createServer(async (request, response) => {
    const path = (request.url ?? '/').slice(1);
    response.on('finish', () => answers.push(`${response.statusCode} ${path}`));
    response.setHeaders(new Headers({ 'Access-Control-Allow-Origin': '*', ...IMMUTABLE }));
    const isBoot = path.startsWith('boot/');
    const bytes = isBoot ? undefined : await readFile(join(repository, path)).catch(() => {});
    const [kind = '', once] = [...faults.once].find(([kind]) => path.includes(kind)) ?? [];
    const fault = once ?? faults.always;
    faults.once.delete(kind);
    if (fault) fault(response, bytes ?? Buffer.alloc(0));
    else if (bytes) response.end(bytes);
    else response.setHeader('Cache-Control', 'no-store').writeHead(404).end();
  });
  return { faults, answers, ...(await listen(server, 0)) };
}

/** Opens the model as on a first visit; what the browser has cached of its files stays. */
function openAnew(page: Page, url: string, trust = served.digits.address.trust) {
  return page.evaluate(
    async ({ url, trust }): Promise<string> => {
      const { nearside } = globalThis as Scope;
      const options = { trust, backend: 'tfjs-wasm', store: 'memory' };
      try {
        const model = await nearside.open(url, options);
        await model.close();
        return 'open';
      } catch (error) {
        return (error as Scope).code ?? String(error);
      }
    },
    { url: `${url}digits`, trust },
  );
}

for (const [what, kind] of [
  ['the first root', '1.root.json'],
  ['the timestamp', 'timestamp.json'],
  ['the snapshot', 'snapshot.json'],
  ['the targets', 'targets.json'],
  ['the bundle', 'oms.json'],
  ['a chunk', 'chunks/'],
] as const) {
  test(`a bit of ${what} that was flipped once, in an answer to be cached for ever, is asked for again`, async ({
    page,
  }) => {
    const repository = await serveCacheable(served.digits.repository);
    repository.faults.once.set(kind, flipped);
    const outcomes = [await openAnew(page, repository.url), await openAnew(page, repository.url)];
    await repository.close();
    expect(repository.faults.once.size).toBe(0);
    expect(outcomes.at(-1)).toBe('open');
    // A chunk has only one address here, and wrong bytes from it are told at once.
    expect(outcomes[0]).toBe(kind === 'chunks/' ? 'digest-mismatch' : 'open');
  });
}

test('a page to sign in, sent in the place of every file at a first open, fails no later one', async ({
  page,
}) => {
  const repository = await serveCacheable(served.digits.repository);
  repository.faults.always = signInPage;
  expect(await openAnew(page, repository.url)).toBe('network-failed');
  repository.faults.always = undefined;
  expect(await openAnew(page, repository.url)).toBe('open');
  await repository.close();
});

test('a next root that was absent once, in an answer to be cached for ever, is seen when it is there', async ({
  page,
}) => {
  const digits = await serveDigits();
  const repository = await serveCacheable(digits.repository);
  repository.faults.once.set('2.root.json', absent);
  const { trust } = digits.address;
  const open = () => openAnew(page, repository.url, trust);
  expect(await open()).toBe('open');
  await digits.rotateTimestampKey();
  expect(await open()).toBe('open');
  await Promise.all([repository.close(), digits.close()]);
  expect(repository.answers).toContain('200 metadata/2.root.json');
});

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
