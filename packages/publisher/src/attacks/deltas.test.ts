import { gzipSync } from 'node:zlib';
import type { Store } from '@nearside/core';
import { expect, test } from 'vitest';
import { delta } from '../library/delta.js';
import { DAMAGES } from '../testing/damages.js';
import { type Answer, endless } from '../testing/hostile-server.js';
import { copyOf, openScene, outcomeOf } from '../testing/scene.js';
import { nextChapter, readFiles } from '../testing/story.js';

const story = await openScene();
/** The weights of 1.1.0, trained a little more. */
const third = await nextChapter(story.workspace, { version: '1.2.0', sequence: 3, nearSeed: 2 });
const scene = { ...story, third };
await delta({ ...scene.workspace, model: 'tiny', version: '1.2.0', from: '1.1.0' });
const published = await readFiles(scene.workspace.repository);
const deltas = [...published.keys()].filter((path) => path.startsWith('deltas/'));
const replaced = deltas.map(
  (path) => `chunks/${path.slice('deltas/'.length, 'deltas/'.length + 64)}`,
);

const installed = await scene.installed();
scene.server.files = scene.second.files;
await scene.device({ store: installed }).update();

test('a true delta takes the place of the chunk', async () => {
  expect(deltas.length).toBeGreaterThan(0);
  const requests = await updateWith(async () => published);
  expect(requests).toEqual(expect.arrayContaining(deltas));
  for (const chunk of replaced) {
    expect(requests).not.toContain(chunk);
    expect(requests).not.toContain(`${chunk}.z`);
  }
});

/** What a delta may be instead of one; the chunk is then fetched as a whole. */
const ANSWERS: readonly (readonly [string, (bytes: Uint8Array) => Answer | undefined])[] = [
  ...Object.entries(DAMAGES),
  ['missing', () => undefined],
  ['not gzip', () => Buffer.from('not a delta')],
  ['gzip of other bytes', () => gzipSync(new Uint8Array(900).fill(7))],
  ['gzip of too few bytes', () => gzipSync(new Uint8Array(10))],
  ['gzip of far too many bytes', () => gzipSync(new Uint8Array(900_000))],
  ['larger than the chunk', () => new Uint8Array(100_000)],
  ['a server error', () => (response) => response.writeHead(500).end()],
  ['cut off', () => (response) => response.writeHead(200).write('x', () => response.destroy())],
  ['elsewhere', () => (response) => response.writeHead(302, { Location: 'http://[::1]:1/' }).end()],
];

test.each(ANSWERS)('a delta that is %s costs one request: the chunk follows', async (_, answer) => {
  const requests = await updateWith(async () => {
    const files = new Map<string, Answer>(published);
    for (const path of deltas) {
      const other = answer(published.get(path) as Uint8Array);
      if (other === undefined) files.delete(path);
      else files.set(path, other);
    }
    return files;
  });
  expect(requests).toEqual(expect.arrayContaining(deltas));
});

test('a delta without an end is given up at the size of the chunk', async () => {
  const sent = { sizeBytes: 0 };
  await updateWith(async () => {
    const files = new Map<string, Answer>(published);
    for (const path of deltas) files.set(path, endless(sent));
    return files;
  });
  expect(sent.sizeBytes).toBeLessThan(32 * 1024 * 1024);
});

test('the delta of another chunk does not become this one', async () => {
  const wrong = gzipSync(new Uint8Array(900)); // a true delta, between two equal chunks
  await updateWith(async () => {
    const files = new Map<string, Uint8Array>(published);
    for (const path of deltas) files.set(path, wrong);
    return files;
  });
});

test.each([
  ['gone from', (store: Store, key: string) => store.commit({ delete: [key] })],
  [
    'damaged in',
    (store: Store, key: string) => store.commit({ set: new Map([[key, new ArrayBuffer(900)]]) }),
  ],
])('an older chunk that is %s the store is no base for a delta', async (_, harm) => {
  const store = await copyOf(installed);
  for (const path of deltas) await harm(store, `c/${path.slice(-66, -2)}`);
  scene.server.files = published;
  const device = scene.device({ store });
  expect(await outcomeOf(scene, async () => (await device.update()) ?? device.open())).toBe(
    '1.2.0',
  );
});

/** @returns what a device with 1.1.0 asked for on its way to 1.2.0, every byte of which is right */
async function updateWith(files: () => Promise<ReadonlyMap<string, Answer>>): Promise<string[]> {
  scene.server.files = await files();
  scene.server.requests.length = 0;
  const device = scene.device({ store: await copyOf(installed) });
  const outcome = await outcomeOf(scene, async () => (await device.update()) ?? device.open());
  expect(outcome).toBe('1.2.0');
  return [...scene.server.requests];
}
