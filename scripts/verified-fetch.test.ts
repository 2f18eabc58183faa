import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifiedFetch } from '../packages/nearside/src/transformers.js';
import { sealFiles } from '../packages/publisher/src/library/seal-files.js';
import { serveRepository } from '../packages/publisher/src/library/serve-repository.js';
import { fixture } from '../packages/publisher/src/testing/fixtures.js';

let dir: string;
let server: Awaited<ReturnType<typeof serveRepository>>;
let integrity: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'nearside-verified-'));
  ({ integrity } = await sealFiles({ directory: fixture('bert'), out: join(dir, 'bert') }));
  server = await serveRepository({ dir, port: 0 });
});

afterAll(async () => {
  await server.close();
  await rm(dir, { recursive: true });
});

const addressOf = (name: string) => new URL(`bert/${name}`, server.url).href;
const open = () => verifiedFetch({ url: addressOf(''), integrity });

test('a file of the folder is answered byte for byte, and what was not sealed with 404', async () => {
  const fetch = open();
  for (const name of ['config.json', 'onnx/model.onnx']) {
    const response = await fetch(addressOf(name));
    const bytes = await readFile(join(fixture('bert'), name));
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(new Uint8Array(bytes));
    const streamed = await (await fetch(addressOf(name))).bytes();
    expect(streamed).toEqual(new Uint8Array(bytes));
    expect(response.headers.get('content-length')).toBe(`${bytes.length}`);
    expect(response.headers.get('vary')).toBe('*'); // no cache of the browser keeps it
  }
  expect((await fetch(new URL(addressOf('generation_config.json')))).status).toBe(404);
});

test('the size of a file is known before it is fetched', async () => {
  const fetch = open();
  const headers = { Range: 'bytes=0-0' };
  const response = await fetch(addressOf('onnx/model.onnx'), { headers, cache: 'no-store' });
  const { length } = await readFile(fixture('bert/onnx/model.onnx'));
  expect(response.status).toBe(206);
  expect(response.headers.get('content-range')).toBe(`bytes 0-0/${length}`);
  expect((await response.arrayBuffer()).byteLength).toBe(1);
});

test('any other address, and all but asking, is refused before anything is fetched', async () => {
  const fetch = open();
  const refused = { code: 'name-unsafe' };
  for (const address of [
    'https://huggingface.co/bert/resolve/main/config.json',
    addressOf('../other/config.json'),
    addressOf('config.json?download=true'),
    addressOf('').replace(/\/$/, '-other/config.json'),
  ]) {
    await expect(fetch(address), address).rejects.toMatchObject(refused);
  }
  await expect(fetch(addressOf('config.json'), { method: 'PUT' })).rejects.toMatchObject(refused);
});

test('bytes that a server changed are an error, and the next call asks again', async () => {
  const changed = join(dir, 'changed/bert');
  await cp(join(dir, 'bert'), changed, { recursive: true });
  const other = await serveRepository({ dir: join(dir, 'changed'), port: 0 });
  try {
    const url = new URL('bert', other.url).href;
    const seal = join(
      changed,
      'seals',
      `${Buffer.from(integrity.slice(7), 'base64').toString('hex')}.json`,
    );
    const right = await readFile(seal);
    const fetch = verifiedFetch({ url, integrity });
    await writeFile(seal, String(right).replace('config', 'confog'));
    await expect(fetch(`${url}/config.json`)).rejects.toMatchObject({ code: 'digest-mismatch' });
    await writeFile(seal, right);
    expect((await fetch(`${url}/config.json`)).status).toBe(200);
  } finally {
    await other.close();
  }
});

test.each([
  ['url', { url: 'http://models.example/bert' }],
  ['url', { url: 'https://models.example/bert?token=1' }],
  ['integrity', { integrity: 'sha384-AAAA' }],
])('an unfit `%s` is named at once', (option, change) => {
  const given = { url: 'https://models.example/bert', integrity, ...change };
  expect(() => verifiedFetch(given)).toThrow(`\`${option}\``);
});
