import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { serveRepository } from './serve-repository.js';
import { temporaryDirectory } from './testing/workspace.js';

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

test('only timestamp.json and boot files are revalidated; the rest never changes', async () => {
  const names = ['metadata/timestamp.json', 'boot/tiny.json', 'metadata/1.root.json', 'chunks/ab'];
  const { get } = await serve(Object.fromEntries(names.map((name) => [name, '{}'])));
  const answers = await Promise.all(names.map((name) => get(`/${name}`)));
  expect(answers.map(({ headers }) => headers.get('cache-control'))).toEqual([
    'no-cache',
    'no-cache',
    'public, max-age=31536000, immutable',
    'public, max-age=31536000, immutable',
  ]);
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
  const { get } = await serve({ 'keys/root.pem': 'secret', 'chunks/.tmp': 'x', 'note.txt': 'x' });
  const paths = ['/keys/root.pem', '/chunks/.tmp', '/note.txt', '/chunks/%2e%2e/keys/root.pem'];
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
