import { execFileSync } from 'node:child_process';
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { temporaryDirectory } from '../testing/workspace.js';
import { serveRepository } from './serve-repository.js';

async function serve(files: Record<string, string | Uint8Array> = {}) {
  const dir = await temporaryDirectory();
  for (const [name, content] of Object.entries(files)) await put(dir, name, content);
  const server = await serveRepository({ dir, port: 0 });
  onTestFinished(() => server.close());
  return { dir, server, get: (path: string, init = {}) => fetch(server.url + path, init) };
}

async function put(dir: string, name: string, content: string | Uint8Array): Promise<void> {
  await mkdir(join(dir, name, '..'), { recursive: true });
  await writeFile(join(dir, `${name}.new`), content);
  await rename(join(dir, `${name}.new`), join(dir, name));
}

test('only timestamp.json, boot files and indexes of seals are revalidated; the rest never changes', async () => {
  const changing = ['metadata/timestamp.json', 'boot/tiny.json', 'tiny/nearside.json'];
  const names = [...changing, 'metadata/1.root.json', 'chunks/ab', 'tiny/seals/ab.json'];
  const { get } = await serve(Object.fromEntries(names.map((name) => [name, '{}'])));
  const answers = await Promise.all(names.map((name) => get(`/${name}`)));
  expect(answers.map(({ headers }) => headers.get('cache-control'))).toEqual([
    'no-cache',
    'no-cache',
    'no-cache',
    'public, max-age=31536000, immutable',
    'public, max-age=31536000, immutable',
    'public, max-age=31536000, immutable',
  ]);
});

test('what is made on demand is waited for, and an error of it is a 503 that says why', async () => {
  const dir = await temporaryDirectory();
  const server = await serveRepository({
    dir,
    port: 0,
    before: async (path) => {
      if (path === '/boot/broken.json') throw new Error('Expected weights, got none.');
      await put(dir, 'boot/late.json', '{"late":true}');
    },
  });
  onTestFinished(() => server.close());
  expect(await (await fetch(`${server.url}/boot/late.json?1`)).json()).toEqual({ late: true });
  const broken = await fetch(`${server.url}/boot/broken.json`);
  expect([broken.status, await broken.text()]).toEqual([503, 'Expected weights, got none.\n']);
  expect(broken.headers.get('cache-control')).toBe('no-store');
});

test('every answer may be read from another origin, also under COEP', async () => {
  const { get } = await serve({ 'chunks/ab': 'x' });
  for (const path of ['/chunks/ab', '/chunks/missing', '/', '/elsewhere']) {
    const { headers } = await get(path);
    expect(headers.get('access-control-allow-origin'), path).toBe('*');
    expect(headers.get('cross-origin-resource-policy'), path).toBe('cross-origin');
  }
  const preflight = await get('/chunks/ab', { method: 'OPTIONS' });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-headers')).toBe('*');
});

test('compressed chunks are bytes, not an encoding', async () => {
  const gzip = Uint8Array.of(31, 139, 8, 0, 1, 2, 3);
  const { get } = await serve({ 'chunks/ab.z': gzip });
  const answer = await get('/chunks/ab.z', { headers: { 'accept-encoding': 'gzip, br' } });
  expect(answer.headers.get('content-type')).toBe('application/octet-stream');
  expect(answer.headers.get('content-encoding')).toBeNull();
  expect(new Uint8Array(await answer.arrayBuffer())).toEqual(gzip);
});

test('an unknown path is a plain 404 that nobody caches, never a page', async () => {
  const { get } = await serve({ 'index.html': '<p>', 'metadata/index.html': '<p>' });
  for (const path of ['/', '/index.html', '/metadata/', '/metadata', '/metadata/2.root.json']) {
    const answer = await get(path);
    expect(answer.status, path).toBe(404);
    expect(answer.headers.get('content-type'), path).toBe('text/plain');
    expect(answer.headers.get('cache-control'), path).toBe('no-store');
  }
});

test('nothing outside the repository is served, hidden files and keys beside it neither', async () => {
  const secret = { 'keys/root.pem': 'secret', 'tiny/seals/root.pem': 'secret' };
  const { get } = await serve({ ...secret, 'chunks/.tmp': 'x', 'note.txt': 'x' });
  const paths = [
    '/keys/root.pem',
    '/tiny/seals/root.pem',
    '/tiny/chunks/%2e%2e/x',
    '/chunks/.tmp',
    '/note.txt',
    '/chunks/%2e%2e/keys/root.pem',
  ];
  for (const path of paths) expect((await get(path)).status, path).toBe(404);
  expect((await get('/chunks/.tmp', { method: 'POST' })).status).toBe(405);
});

test('files that appear or change while it runs are served as they are', async () => {
  const { dir, get } = await serve();
  expect((await get('/metadata/timestamp.json')).status).toBe(404);
  await put(dir, 'metadata/timestamp.json', '{"a":1}');
  expect(await (await get('/metadata/timestamp.json')).text()).toBe('{"a":1}');
  await put(dir, 'metadata/timestamp.json', '{"a":2,"longer":true}');
  expect(await (await get('/metadata/timestamp.json')).text()).toBe('{"a":2,"longer":true}');
});

test('without a port the next free one is taken; a given port that is busy is an error', async () => {
  const dir = await temporaryDirectory();
  await using first = await serveRepository({ dir });
  await using second = await serveRepository({ dir });
  expect(second.port).toBeGreaterThan(first.port);
  await expect(serveRepository({ dir, port: first.port })).rejects.toThrow(/busy/);
});

test('closing ends connections that are still open, and may be done twice', async () => {
  const { server, get } = await serve({ 'chunks/ab': 'x' });
  await get('/chunks/ab');
  await server.close();
  await server.close();
  await expect(get('/chunks/ab')).rejects.toThrow();
});

test('a directory that does not exist is a coded error', async () => {
  const dir = join(await temporaryDirectory(), 'missing');
  await expect(serveRepository({ dir })).rejects.toMatchObject({ code: 'file-missing' });
});

describe('a range', () => {
  const content = '0123456789';
  const ask = async (range: string) => {
    const { get } = await serve({ 'chunks/ab': content });
    const answer = await get('/chunks/ab', { headers: { range } });
    return { answer, body: await answer.text(), alive: (await get('/chunks/ab')).status };
  };

  test.each([
    ['bytes=2-5', '2345', 'bytes 2-5/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=8-99', '89', 'bytes 8-9/10'],
  ])('%s is answered with that part', async (range, part, said) => {
    const { answer, body } = await ask(range);
    expect([answer.status, body, answer.headers.get('content-range')]).toEqual([206, part, said]);
  });

  test.each(['bytes=5-2', 'bytes=-3', 'bytes=a-b', 'bytes=0-1,3-4', 'xyz', 'bytes=1e1-'])(
    '%s is answered with the whole file, and the server goes on',
    async (range) => {
      const { answer, body, alive } = await ask(range);
      expect([answer.status, body, alive]).toEqual([200, content, 200]);
    },
  );

  test('past the end is refused, and the server goes on', async () => {
    const { answer, alive } = await ask('bytes=10-');
    expect([answer.status, alive]).toEqual([416, 200]);
    expect(answer.headers.get('content-range')).toBe('bytes */10');
  });
});

test('a link inside the repository is not followed, nor a FIFO waited for', async () => {
  const { dir, get } = await serve({ 'metadata/1.root.json': '{}', 'secret.pem': 'x' });
  await symlink(join(dir, 'secret.pem'), join(dir, 'metadata/link.json'));
  await symlink(dir, join(dir, 'chunks'));
  execFileSync('mkfifo', [join(dir, 'metadata/pipe.json')]);
  for (const path of ['/metadata/link.json', '/chunks/secret.pem', '/metadata/pipe.json']) {
    expect((await get(path)).status, path).toBe(404);
  }
  expect((await get('/metadata/1.root.json')).status).toBe(200);
});
