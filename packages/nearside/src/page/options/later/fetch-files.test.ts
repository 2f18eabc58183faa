import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LIMITS } from '@nearside/artifact';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Progress, UnsignedOptions } from '../../../shared/api/open-options.js';
import { fetchFiles } from './fetch-files.js';

const EXTERNAL = new URL('../../../../../publisher/fixtures/external/', import.meta.url);
const model = await readFile(new URL('model.onnx', EXTERNAL));
const weights = await readFile(new URL('model.onnx_data', EXTERNAL));

/** What the server has, by path; a text is a web page. */
const served: Record<string, Uint8Array | string> = {
  '/a/model.onnx': model,
  '/a/model.onnx_data': weights,
  '/bare/model.onnx': model,
  '/page/model.onnx': model,
  '/page/model.onnx_data': '<!doctype html>',
  '/spa/model.onnx': '<!doctype html>',
  '/tfjs/model.json': tfjsModel('w.bin', 'sub/w 2.bin'),
  '/tfjs/w.bin': weights,
  '/tfjs/sub/w%202.bin': weights,
};
const asked: string[] = [];
let server: Server;
let site: string;

beforeAll(async () => {
  server = createServer(({ url = '' }, response) => {
    asked.push(url);
    const found = served[url.replace(/\?.*/, '')];
    if (found === undefined) response.statusCode = url.startsWith('/broken') ? 503 : 404;
    if (typeof found === 'string') response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(found);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function tfjsModel(...paths: string[]): Uint8Array {
  return Buffer.from(JSON.stringify({ modelTopology: {}, weightsManifest: [{ paths }] }));
}

function fetchAll(given: Record<string, Blob | string>, options: UnsignedOptions = {}) {
  return fetchFiles(given, 'openUnsigned', options);
}

async function failure(given: Record<string, Blob | string>, options?: UnsignedOptions) {
  return fetchAll(given, options).then(
    () => new Error('it was fetched'),
    (error) => error,
  );
}

test('a model at an address comes with the weights that it names, from beside it', async () => {
  const { files, fetchedBytes } = await fetchAll({ 'model.onnx': `${site}/a/model.onnx?v=2` });
  expect(Object.keys(files)).toEqual(['model.onnx', 'model.onnx_data']);
  expect(await bytesOf(files['model.onnx_data'])).toEqual(weights);
  expect(fetchedBytes).toBe(model.length + weights.length);

  const tfjs = await fetchAll({ 'tfjs/model.json': `${site}/tfjs/model.json` });
  expect(Object.keys(tfjs.files)).toEqual(['tfjs/model.json', 'tfjs/w.bin', 'tfjs/sub/w 2.bin']);
});

test('weights that were given by name are not fetched from beside it', async () => {
  asked.length = 0;
  const own = new Blob(['own']);
  const given = { 'm.onnx': `${site}/a/model.onnx`, 'model.onnx_data': own };
  expect((await fetchAll(given)).files['model.onnx_data']).toBe(own);
  await fetchAll({ ...given, 'model.onnx_data': `${site}/tfjs/w.bin` });
  expect(asked.sort()).toEqual(['/a/model.onnx', '/a/model.onnx', '/tfjs/w.bin']);
});

test('a web page, no file, no weights and no server are told apart, and each names its address', async () => {
  const cases: [path: string, code: string, said: RegExp][] = [
    ['/spa/model.onnx', 'model-invalid', /\/spa\/model.onnx, got a web page/],
    ['/none/model.onnx', 'network-failed', /\/none\/model.onnx: expected a file, got status 404/],
    [
      '/broken/model.onnx',
      'network-failed',
      /\/broken\/model.onnx: expected a file, got status 503/,
    ],
    ['/bare/model.onnx', 'file-missing', /'model.onnx_data'.*\/bare\/model.onnx_data/],
    ['/page/model.onnx', 'file-missing', /'model.onnx_data'.*\/page\/model.onnx_data/],
  ];
  for (const [path, code, said] of cases) {
    const error = await failure({ 'model.onnx': `${site}${path}?key=secret` });
    expect([path, error.code]).toEqual([path, code]);
    expect(error.message).toMatch(said);
    expect(error.message).not.toContain('secret');
  }
  const nobody = await failure({ 'model.onnx': 'http://127.0.0.1:1/model.onnx' });
  expect(nobody).toMatchObject({ code: 'network-failed', retryable: true });
  expect(nobody.message).toContain('http://127.0.0.1:1/model.onnx');
});

test('weights are never asked for above the folder of the model, or from elsewhere', async () => {
  asked.length = 0;
  const outside = [
    '../a/model.onnx_data',
    'sub/../../w.bin',
    '/a/model.onnx_data',
    '//evil.example/w.bin',
    'https://evil.example/w.bin',
    'C:\\w.bin',
    'sub\\..\\..\\w.bin',
    '',
    '\ud800',
  ];
  for (const path of outside) {
    served['/tfjs/outside.json'] = tfjsModel(path);
    const error = await failure({ 'model.json': `${site}/tfjs/outside.json` });
    expect([path, error.code]).toEqual([path, 'name-unsafe']);
  }
  expect(new Set(asked)).toEqual(new Set(['/tfjs/outside.json']));
  served['/tfjs/outside.json'] = tfjsModel('%2e%2e/a/model.onnx_data');
  const error = await failure({ 'model.json': `${site}/tfjs/outside.json` });
  expect(error.code).toBe('file-missing');
  expect(asked.at(-1)).toBe('/tfjs/%252e%252e/a/model.onnx_data');
});

test('weights whose names are no text are left for whoever loads the model to refuse', async () => {
  for (const path of [5, null, { length: 1 }, ['../w.bin']]) {
    served['/tfjs/no-text.json'] = tfjsModel(path as string);
    const { files } = await fetchAll({ 'model.json': `${site}/tfjs/no-text.json` });
    expect(Object.keys(files)).toEqual(['model.json']);
  }
});

test('an address that is not whole or not secure is a TypeError that says so, without what may be secret', async () => {
  const cases: [address: string, said: RegExp][] = [
    ['/model.onnx', /whole address.*no page here.*got '\/model.onnx'.*readFile/],
    ['http://cdn.example/model.onnx', /https: address.*got http:\/\/cdn.example\/model.onnx$/],
    ['https://me:secret@cdn.example/model.onnx', /got https:\/\/cdn.example\/model.onnx$/],
    ['https://cdn.example/model.onnx?key=secret#part', /got https:\/\/cdn.example\/model.onnx$/],
    [
      'file:///home/model.onnx',
      /https: address.*got file:\/home\/model.onnx. Read.*readFile\(new URL\('file:\/\/\/home\/model.onnx'\)\)/,
    ],
    ['data:text/plain,model', /got data:text\/plain,model$/],
  ];
  for (const [address, said] of cases) {
    const error = await failure({ 'model.onnx': address });
    expect([address, error.name]).toEqual([address, 'TypeError']);
    expect(error.message).toMatch(/^openUnsigned: expected 'model.onnx' to have /);
    expect(error.message).toMatch(said);
  }
});

test('progress goes on from files to the runtime without falling, and an abort ends it with its reason', async () => {
  const told: Progress[] = [];
  const onProgress = (progress: Progress) => void told.push(progress);
  const fetched = await fetchAll({ 'model.onnx': `${site}/a/model.onnx` }, { onProgress });
  const { fetchedBytes } = fetched;
  const reached = told.at(-1)?.ratio ?? 0;
  const rest = { phase: 'runtime', loadedBytes: 10, totalBytes: 100, bytesPerSecond: 0 } as const;
  fetched.onProgress?.({ ...rest, ratio: 0 });
  fetched.onProgress?.({ ...rest, ratio: 1 });
  const ratios = told.map(({ ratio }) => ratio);
  expect(ratios).toEqual([...ratios].sort((a, b) => a - b));
  expect(reached).toBeGreaterThan(0);
  expect(told.at(-1)).toMatchObject({
    loadedBytes: fetchedBytes + 10,
    totalBytes: fetchedBytes + 100,
    ratio: 1,
  });

  const enough = new Error('enough');
  const signal = AbortSignal.abort(enough);
  expect(await failure({ 'model.onnx': `${site}/a/model.onnx` }, { signal })).toBe(enough);
});

test('of the many files that a small one may name a few are asked for at a time', async () => {
  const names = Array.from({ length: 50 }, (_, i) => `w${i}.bin`);
  served['/many/model.json'] = tfjsModel(...names);
  for (const name of names) served[`/many/${name}`] = weights;
  const { fetch } = globalThis;
  let underWay = 0;
  let most = 0;
  globalThis.fetch = (...given) => {
    underWay += 1;
    most = Math.max(most, underWay);
    return fetch(...given).finally(() => {
      underWay -= 1;
    });
  };
  try {
    const { files } = await fetchAll({ 'model.json': `${site}/many/model.json` });
    expect(Object.keys(files)).toEqual(['model.json', ...names]);
  } finally {
    globalThis.fetch = fetch;
  }
  expect(most).toBe(LIMITS.parallelChunks);
});

async function bytesOf(file: Blob | undefined): Promise<Buffer> {
  return Buffer.from(await (file ?? new Blob()).arrayBuffer());
}
