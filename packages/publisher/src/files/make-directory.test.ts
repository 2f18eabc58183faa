import { existsSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../testing/workspace.js';
import { makeDirectory } from './make-directory.js';

test('all directories on the way are made, and the topmost is told', async () => {
  const base = await temporaryDirectory();
  expect(await makeDirectory(join(base, 'a/b/c'), { mode: 0o700 })).toBe(join(base, 'a'));
  expect((await stat(join(base, 'a/b/c'))).isDirectory()).toBe(true);
  expect(await makeDirectory(join(base, 'a/b'))).toBeUndefined();
});

test('several at once make the same directory', async () => {
  const path = join(await temporaryDirectory(), 'a/b/c/d');
  await Promise.all(Array.from({ length: 20 }, () => makeDirectory(path)));
  expect(existsSync(path)).toBe(true);
});

test('below a file there is none, which is said', async () => {
  const file = join(await temporaryDirectory(), 'file');
  await writeFile(file, '');
  await expect(makeDirectory(file)).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeDirectory(join(file, 'a'))).rejects.toMatchObject({ code: 'EEXIST' });
});

test.skipIf(!existsSync('/proc/self'))(
  'a file system that makes none fails, and ends',
  async () => {
    await expect(makeDirectory('/proc/nearside/keys')).rejects.toMatchObject({ code: 'ENOENT' });
  },
);
