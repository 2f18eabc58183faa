import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { LIBRARY_VERSION } from '../shared/library-version.js';

const NAME = `nearside.steps.${LIBRARY_VERSION}`;
const GOOD = `;globalThis[Symbol.for('${NAME}')] = (parts) => ({ given: parts });`;

let dir: string;
let loadSecondFile: typeof import('./load-second-file.js').loadSecondFile;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'nearside-steps-'));
});

afterAll(() => rm(dir, { recursive: true }));

/** As a worker that has just begun. */
beforeEach(async () => {
  vi.resetModules();
  ({ loadSecondFile } = await import('./load-second-file.js'));
});

afterEach(() => {
  Reflect.deleteProperty(globalThis, Symbol.for(NAME));
  vi.unstubAllGlobals();
});

async function fileWith(name: string, text: string): Promise<string> {
  await writeFile(join(dir, name), text);
  return pathToFileURL(join(dir, name)).href;
}

test('the file’s function is handed what it shares with the worker, once', async () => {
  const address = await fileWith('good.js', GOOD);
  const [steps, again] = await Promise.all([loadSecondFile(address), loadSecondFile(address)]);
  expect(steps).toBe(again);
  expect(steps).toMatchObject({ given: { each: expect.any(Function) } });
});

test('a worker that has the file in its own text imports nothing', async () => {
  Reflect.set(globalThis, Symbol.for(NAME), () => ({ 'mix-down': undefined }));
  expect(await loadSecondFile('https://nowhere.example/steps.js')).toHaveProperty('mix-down');
});

test.each([
  { what: 'missing', name: 'missing.js', text: undefined, got: /Cannot find|Failed to load/ },
  { what: 'a web page', name: 'page.js', text: '<!doctype html>', got: /Unexpected|Parse|parse/ },
  {
    what: 'of another build',
    name: 'other.js',
    text: GOOD.replace(NAME, 'nearside.steps.0.0.1'),
    got: /^another file than this build's$/,
  },
])('a file that is $what is named', async ({ name, text, got }) => {
  const address = text ? await fileWith(name, text) : pathToFileURL(join(dir, name)).href;
  await expect(loadSecondFile(address)).rejects.toMatchObject({
    code: 'assets-unreachable',
    message: expect.stringContaining(address),
    details: { address, got: expect.stringMatching(got) },
    retryable: true,
  });
});

test('a file that comes late is loaded at the next try', async () => {
  const address = pathToFileURL(join(dir, 'late.js')).href;
  await expect(loadSecondFile(address)).rejects.toMatchObject({ code: 'assets-unreachable' });
  await fileWith('late.js', GOOD);
  expect(await loadSecondFile(address)).toHaveProperty('given');
});

test('of another origin it is fetched with its hash first, and its status told', async () => {
  const fetched = vi.fn(async () => new Response('', { status: 503 }));
  vi.stubGlobal('origin', 'https://app.example');
  vi.stubGlobal('fetch', fetched);
  const address = 'https://cdn.example/assets/steps.js#sha384-abc';
  await expect(loadSecondFile(address)).rejects.toMatchObject({
    code: 'assets-unreachable',
    message: expect.stringContaining('https://cdn.example/assets/steps.js, got status 503'),
  });
  expect(fetched).toHaveBeenCalledWith(new URL(address), {
    integrity: 'sha384-abc',
    mode: 'cors',
  });
});
