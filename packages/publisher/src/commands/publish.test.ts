import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { listFiles } from '../files/list-files.js';
import { pack } from '../library/pack.js';
import { runNearside } from '../testing/run-nearside.js';
import { snapshotOf } from '../testing/snapshot.js';
import { writeSyntheticModel } from '../testing/synthetic-model.js';
import { temporaryDirectory } from '../testing/workspace.js';

const nearside = (...words: readonly string[]) => runNearside(words);

/** A folder with a model directory, and the words that publish it. */
async function openDesk() {
  const directory = await temporaryDirectory();
  const at = (name: string) => join(directory, name);
  const model = await writeSyntheticModel(at('tiny'));
  const words = ['publish', model, '--repo', at('public/models'), '--keys', at('keys')];
  return { at, model, words };
}

test('one command makes keys and a repository of a model directory, at the address that a page has', async () => {
  const { at, words } = await openDesk();
  const module = at('src/tiny.model.ts');
  const { exitCode, out, errors } = await nearside(...words, '--new-keys', '--module', module);
  expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: '' });
  expect(out).toContain(`Wrote 5 private keys to ${at('keys')}, NOT encrypted`);
  expect(out).toContain(`in ${at('public/models')}, a new repository with a pin of its own\n`);
  const line = out.split('\n').at(-1) ?? '';
  expect(line).toMatch(/^open\('models\/tiny', \{ trust: 'sha256-.{43}' \}\)$/);
  const [, trust] = /trust: '(.*)'/.exec(line) ?? [];
  expect(await readFile(module, 'utf8')).toContain(`url: 'models/tiny',\n  trust: '${trust}',`);

  const again = await nearside(...words, '--json');
  expect(JSON.parse(again.out)).toMatchObject({ changed: false, filesWritten: 0, pin: trust });
});

test('what pack wrote is published as it is', async () => {
  const { at, model, words } = await openDesk();
  await pack({ modelDirectory: model, out: at('packed'), onnxRuntime: 'try' });
  const [publish = '', , ...rest] = words;
  const { exitCode } = await nearside(publish, at('packed'), ...rest, '--new-keys');
  expect(exitCode).toBe(0);
  expect((await nearside(...words)).out).toContain('with exactly these files');
});

test('--new-keys once more changes nothing', async () => {
  const { at, words } = await openDesk();
  await nearside(...words, '--new-keys');
  const keys = await snapshotOf(at('keys'));
  expect([...keys.keys()].filter((name) => name.startsWith('.'))).toEqual([]);
  const { exitCode, out } = await nearside(...words, '--new-keys');
  expect({ exitCode, out }).toEqual({
    exitCode: 0,
    out: expect.stringContaining('Nothing was written.'),
  });
  expect(await snapshotOf(at('keys'))).toEqual(keys);
});

test.each([
  ['NEARSIDE_PASSPHRASE', 'correct horse'],
  ['NEARSIDE_PASSPHRASE', ''],
])('a publish with --new-keys goes on where it was ended: %s=%j', async (variable, passphrase) => {
  vi.stubEnv(variable, passphrase);
  onTestFinished(() => void vi.unstubAllEnvs());
  const { at, words } = await openDesk();
  await nearside(...words, '--new-keys');
  const keys = await snapshotOf(at('keys'));
  await rm(at('public'), { recursive: true });
  await writeFile(at('keys/.made-for'), at('public/models'));
  for (const name of ['model.pem', 'model.pub.pem', 'timestamp.pub.pem'])
    await rm(at(`keys/${name}`));

  const { exitCode, out } = await nearside(...words, '--new-keys');
  expect(exitCode).toBe(0);
  expect(out).toContain(`Wrote 2 private keys to ${at('keys')}`);
  const after = await snapshotOf(at('keys'));
  expect([...after.keys()]).toEqual([...keys.keys()]);
  expect(after.get('root.pem')).toBe(keys.get('root.pem'));
  expect(after.get('timestamp.pub.pem')).toBe(keys.get('timestamp.pub.pem'));
});

test('--new-keys takes no keys that were made for another repository', async () => {
  const { at, words } = await openDesk();
  await nearside(...words, '--new-keys');
  const [publish = '', model = '', ...rest] = words;
  const other = rest.map((word) => (word === at('public/models') ? at('public/others') : word));
  const { exitCode, errors } = await nearside(publish, model, ...other, '--new-keys');
  expect({ exitCode, errors }).toEqual({
    exitCode: 1,
    errors: expect.stringContaining('output-exists'),
  });
  await writeFile(at('keys/.made-for'), at('public/models'));
  expect((await nearside(publish, model, ...other, '--new-keys')).errors).toContain(
    'output-exists',
  );
});

test('--new-keys is refused where there is a repository, and none are made', async () => {
  const { at, words } = await openDesk();
  await mkdir(at('public/models/metadata'), { recursive: true });
  await writeFile(at('public/models/metadata/1.root.json'), '{}');
  const { exitCode, errors } = await nearside(...words, '--new-keys');
  expect(exitCode).toBe(2);
  expect(errors).toContain('`--new-keys`');
  expect(await listFiles(at('keys'))).toBeUndefined();
});

test.each(['public/models/keys', 'public/keys', 'public/models', 'link/keys'])(
  'new keys in %s would be uploaded with the repository, and are not made',
  async (place) => {
    const { at, words } = await openDesk();
    await mkdir(at('public/models'), { recursive: true });
    await symlink(at('public/models'), at('link'));
    const { exitCode, errors } = await nearside(...words, '--new-keys', '--keys', at(place));
    expect(exitCode).toBe(2);
    expect(errors).toContain('`--keys` outside');
    expect(await listFiles(at('public'))).toEqual([]);
  },
);

test('a module needs an address: --base-url, or a repository below public/', async () => {
  const { at, model } = await openDesk();
  const words = ['publish', model, '--repo', at('site'), '--keys', at('keys'), '--new-keys'];
  const { exitCode, errors } = await nearside(...words, '--module', at('tiny.js'));
  expect(exitCode).toBe(2);
  expect(errors).toContain('`--base-url`');
  expect(await listFiles(at('keys'))).toBeUndefined();
});
