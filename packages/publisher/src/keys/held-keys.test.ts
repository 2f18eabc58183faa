import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { generateKeys } from '../library/generate-keys.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { readHeldKeys } from './held-keys.js';
import { KEY_ROLES } from './key-files.js';

beforeEach(() => {
  for (const role of KEY_ROLES) vi.stubEnv(`NEARSIDE_KEY_${role.toUpperCase()}`, undefined);
  vi.stubEnv('NEARSIDE_PASSPHRASE', undefined);
  vi.stubEnv('NEARSIDE_PASSPHRASE_FILE', undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

async function newKeys(options: { passphrase?: string; count?: number } = {}) {
  const directory = await temporaryDirectory();
  const { keys } = await generateKeys({ out: directory, role: 'timestamp', ...options });
  return { directory, ids: keys.map(({ id }) => id), files: keys.map(({ file }) => file) };
}

describe('keys at hand', () => {
  test('are all files of a role, in the order of their numbers', async () => {
    const { directory, ids } = await newKeys({ count: 11 });
    const held = await readHeldKeys({ keys: directory }, ['timestamp']);
    expect(held.map(({ id }) => id)).toEqual(ids);
  });

  test('are one key, however many files hold it', async () => {
    const { directory, ids, files } = await newKeys();
    await copyFile(files[0] ?? '', join(directory, 'timestamp-2.pem'));
    const held = await readHeldKeys({ keys: directory }, ['timestamp']);
    expect(held.map(({ id }) => id)).toEqual(ids);
  });

  test('come from the environment alone, several in one variable', async () => {
    const { ids, files } = await newKeys({ count: 2 });
    const pems = await Promise.all(files.map((file) => readFile(file, 'utf8')));
    vi.stubEnv('NEARSIDE_KEY_TIMESTAMP', pems.join(''));
    const held = await readHeldKeys({}, ['timestamp']);
    expect(held.map(({ id, origin }) => [id, origin])).toEqual(
      ids.map((id) => [id, 'NEARSIDE_KEY_TIMESTAMP']),
    );
  });

  test('may have lost their line breaks on the way through a CI system', async () => {
    const { ids, files } = await newKeys();
    const pem = await readFile(files[0] ?? '', 'utf8');
    vi.stubEnv('NEARSIDE_KEY_TIMESTAMP', pem.replaceAll('\n', '\\n'));
    expect((await readHeldKeys({}, ['timestamp'])).map(({ id }) => id)).toEqual(ids);
  });

  test('are none where there is no directory', async () => {
    const keys = join(await temporaryDirectory(), 'missing');
    expect(await readHeldKeys({ keys }, KEY_ROLES)).toEqual([]);
  });

  test('are unusable when the text is no key', async () => {
    vi.stubEnv('NEARSIDE_KEY_TIMESTAMP', 'hello');
    await expect(readHeldKeys({}, ['timestamp'])).rejects.toMatchObject({ code: 'key-unusable' });
  });
});

describe('an encrypted key', { timeout: 30_000 }, () => {
  const passphrase = 'open sesame, please';

  test('is opened by the option, by the environment, or by asking, once', async () => {
    const { directory: keys, ids } = await newKeys({ passphrase, count: 2 });
    const read = async (given?: string | (() => Promise<string>)) =>
      (await readHeldKeys({ keys, passphrase: given }, ['timestamp'])).map(({ id }) => id);
    expect(await read(passphrase)).toEqual(ids);

    const ask = vi.fn(async () => passphrase);
    expect(await read(ask)).toEqual(ids);
    expect(ask).toHaveBeenCalledTimes(1);

    const file = join(keys, 'passphrase');
    await writeFile(file, `${passphrase}\n`);
    vi.stubEnv('NEARSIDE_PASSPHRASE_FILE', file);
    expect(await read()).toEqual(ids);
    vi.stubEnv('NEARSIDE_PASSPHRASE', passphrase);
    vi.stubEnv('NEARSIDE_PASSPHRASE_FILE', join(keys, 'missing'));
    expect(await read()).toEqual(ids);
  });

  test('is locked without the passphrase and with a wrong one, and says what to do', async () => {
    const { directory: keys } = await newKeys({ passphrase });
    for (const given of [undefined, 'wrong']) {
      await expect(readHeldKeys({ keys, passphrase: given }, ['timestamp'])).rejects.toMatchObject({
        code: 'key-locked',
        message: expect.stringContaining('NEARSIDE_PASSPHRASE'),
      });
    }
  });

  test('asks for nothing where no key is encrypted', async () => {
    const { directory: keys } = await newKeys();
    const ask = vi.fn(async () => 'x');
    await readHeldKeys({ keys, passphrase: ask }, ['timestamp']);
    expect(ask).not.toHaveBeenCalled();
  });
});
