import { execFileSync } from 'node:child_process';
import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { passphraseOfEnvironment } from '../keys/key-source.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { readSmallFile } from './read-small-file.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

const KEY = { what: 'a private key', tooLarge: 'key-unusable' } as const;

test.each([
  ['nothing', 'no such file', async () => {}],
  ['a directory', 'a directory', (path: string) => mkdir(path)],
  ['a FIFO', 'no regular file', async (path: string) => execFileSync('mkfifo', [path])],
])('%s in its place is said, and nobody waits', async (_, got, make) => {
  const path = join(await temporaryDirectory(), 'root.pem');
  await make(path);
  await expect(readSmallFile(path, KEY)).rejects.toMatchObject({
    code: 'file-missing',
    message: `${path}: expected a private key, got ${got}.`,
  });
});

test('what is too large to be that is not read', async () => {
  const path = join(await temporaryDirectory(), 'root.pem');
  await writeFile(path, '');
  await truncate(path, 2 ** 33);
  await expect(readSmallFile(path, KEY)).rejects.toMatchObject({ code: 'key-unusable' });
});

test('a passphrase file that is not there is named, with the variable that names it', async () => {
  const path = join(await temporaryDirectory(), 'passphrase');
  vi.stubEnv('NEARSIDE_PASSPHRASE', undefined);
  vi.stubEnv('NEARSIDE_PASSPHRASE_FILE', path);
  const reading = passphraseOfEnvironment();
  await expect(reading).rejects.toMatchObject({ code: 'file-missing' });
  await expect(reading).rejects.toThrow(
    `${path}: expected the passphrase that NEARSIDE_PASSPHRASE_FILE names`,
  );
});
