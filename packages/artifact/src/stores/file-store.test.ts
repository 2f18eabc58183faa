import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { persistenceConformance, storeConformance } from '../testing/store-conformance.js';
import { openFileStore } from './file-store.js';

const directories: string[] = [];

async function prepare() {
  const directory = await mkdtemp(join(tmpdir(), 'nearside-store-'));
  directories.push(directory);
  return { directory, open: () => openFileStore(directory) };
}

afterAll(async () => {
  for (const directory of directories) await rm(directory, { recursive: true, force: true });
});

storeConformance('the file store', prepare);
persistenceConformance(prepare);

test('a file whose content was damaged reads as missing', async () => {
  const { directory, open } = await prepare();
  await open().commit({ set: new Map([['k', { a: 1 }]]) });
  const [name] = await readdir(join(directory, 'values'));
  await writeFile(join(directory, 'values', name as string), 'garbage');
  expect(await open().get('k')).toBeUndefined();
});

test.each(['index.json', 'values'])(
  'a FIFO in place of its %s is refused, not waited for',
  async (name) => {
    const { directory, open } = await prepare();
    execFileSync('mkfifo', [join(directory, name)]);
    await expect(open().get('k')).rejects.toMatchObject({ code: 'store-unavailable' });
    await expect(open().commit({ set: new Map([['k', 1]]) })).rejects.toMatchObject({
      code: 'store-unavailable',
    });
  },
);

test('a damaged index reads as an empty store, which then works', async () => {
  const { directory, open } = await prepare();
  await open().commit({ set: new Map([['k', 1]]) });
  await writeFile(join(directory, 'index.json'), '{"k":');
  expect(await open().keys('')).toEqual([]);
  await open().commit({ set: new Map([['again', 2]]) });
  expect(await open().get('again')).toBe(2);
});

test.each(['null', '[]', '{"k":5}', '{"k":null}', '{"k":"../../outside"}', '{"k":"\\u0000"}'])(
  'an index of %s leads nowhere, and the store works on',
  async (index) => {
    const { directory, open } = await prepare();
    const outside = join(directory, '..', 'outside');
    await writeFile(outside, 'kept');
    await writeFile(join(directory, 'index.json'), index);
    const store = open();
    expect(await store.get('k')).toBeUndefined();
    await store.commit({ set: new Map([['k', 1]]) });
    expect(await store.get('k')).toBe(1);
    expect(await readFile(outside, 'utf8')).toBe('kept');
    await rm(outside);
  },
);

test('a link in place of its values is refused, and nothing behind it is touched', async () => {
  const { directory, open } = await prepare();
  const elsewhere = (await prepare()).directory;
  await writeFile(join(elsewhere, 'precious'), 'kept');
  await utimes(join(elsewhere, 'precious'), 0, 0);
  await symlink(elsewhere, join(directory, 'values'));
  await expect(open().get('k')).rejects.toMatchObject({ code: 'store-unavailable' });
  expect(await readFile(join(elsewhere, 'precious'), 'utf8')).toBe('kept');
});

test('replaced values leave no files behind', async () => {
  const { directory, open } = await prepare();
  for (const value of [1, 2, 3]) await open().commit({ set: new Map([['k', value]]) });
  expect(await readdir(join(directory, 'values'))).toHaveLength(1);
});
