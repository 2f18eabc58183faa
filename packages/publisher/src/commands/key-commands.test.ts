import {
  chmod,
  copyFile,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { KEY_ROLES } from '../keys/key-files.js';
import { publish } from '../library/publish.js';
import { LIFETIME_DAYS } from '../signing/lifetimes.js';
import { runNearside } from '../testing/run-nearside.js';
import { openWorkspace, temporaryDirectory, type Workspace } from '../testing/workspace.js';
import { runCommand } from './run-command.js';

beforeEach(() => {
  for (const role of KEY_ROLES) vi.stubEnv(`NEARSIDE_KEY_${role.toUpperCase()}`, undefined);
  vi.stubEnv('NEARSIDE_PASSPHRASE', undefined);
  vi.stubEnv('NEARSIDE_PASSPHRASE_FILE', undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

/** @param answers what is typed at each question; without any, nobody sits at a keyboard */
const nearside = (words: readonly string[], answers?: string[]) =>
  runNearside(words, { askSecret: answers && (async () => answers.shift() ?? ''), debug: true });

const PASSPHRASE = 'a passphrase that nobody prints';

async function published(): Promise<Workspace & { pin: string }> {
  const workspace = await openWorkspace();
  const { pin } = await workspace.release();
  return { ...workspace, pin };
}

describe('keygen', () => {
  test('encrypts with the passphrase of the environment', async () => {
    const out = await temporaryDirectory();
    vi.stubEnv('NEARSIDE_PASSPHRASE', PASSPHRASE);
    const made = await nearside(['keygen', '--out', out]);
    expect(made.out).toContain('They are encrypted.');
    expect(await readFile(join(out, 'root.pem'), 'utf8')).toContain('BEGIN ENCRYPTED');
    expect(await nearside(['keygen', '--out', out, '--role', 'model', '--json'])).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('"encrypted": true'),
    });
  });

  test('asks for a passphrase twice at a keyboard', async () => {
    const out = await temporaryDirectory();
    const made = await nearside(['keygen', '--out', out], [PASSPHRASE, PASSPHRASE]);
    expect(made.out).toContain('They are encrypted.');
    const other = join(out, 'other');
    for (const answers of [[PASSPHRASE, 'another'], ['']]) {
      expect(await nearside(['keygen', '--out', other], answers)).toMatchObject({ exitCode: 1 });
    }
    await expect(readdir(other)).rejects.toThrow('ENOENT');
  });

  test('says loudly that keys are not encrypted, and fails where they have to be', async () => {
    const out = await temporaryDirectory();
    const clear = await nearside(['keygen', '--out', out, '--no-encrypt'], [PASSPHRASE]);
    expect(clear.out).toContain('NOT encrypted');
    const refused = await nearside(['keygen', '--out', join(out, 'x'), '--encrypt']);
    expect(refused).toMatchObject({ exitCode: 1, errors: expect.stringContaining('key-locked') });
  });

  test('makes several keys of a role, and says what to do with them', async () => {
    const out = await temporaryDirectory();
    const words = ['keygen', '--out', out, '--role', 'root', '--count', '3', '--threshold', '2'];
    const made = await nearside(words);
    expect(made.out).toContain('nearside rotate-root --repo <dir> --replace root');
    expect((await readdir(out)).sort()).toEqual([
      'roles.json',
      'root-2.pem',
      'root-2.pub.pem',
      'root-3.pem',
      'root-3.pub.pem',
      'root.pem',
      'root.pub.pem',
    ]);
  });

  test.each([
    ['--role', 'admin'],
    ['--role', 'root', '--count', '0'],
    ['--role', 'root', '--threshold', 'two'],
  ])('takes no %s %s %s %s', async (...flags) => {
    expect(await nearside(['keygen', ...flags.filter(Boolean)])).toMatchObject({ exitCode: 2 });
  });
});

test('an encrypted key signs at a keyboard, and is locked without one', async () => {
  const { repository, keys, directory } = await published();
  vi.stubEnv('NEARSIDE_PASSPHRASE', PASSPHRASE);
  await nearside(['keygen', '--out', keys, '--role', 'timestamp']);
  vi.stubEnv('NEARSIDE_PASSPHRASE', undefined);
  const rotate = ['rotate-root', '--repo', repository, '--keys', keys, '--replace', 'timestamp'];
  expect(await nearside(rotate)).toMatchObject({
    exitCode: 1,
    errors: expect.stringContaining('key-locked'),
  });
  expect((await nearside(rotate, ['wrong'])).errors).toContain('does not open it');
  expect(await nearside(rotate, [PASSPHRASE])).toMatchObject({ exitCode: 0, errors: '' });
  const renew = ['renew', '--repo', repository, '--keys', keys];
  expect((await nearside(renew, [PASSPHRASE])).out).toContain('Renewed timestamp');

  // In CI there is the variable alone.
  vi.stubEnv('NEARSIDE_KEY_TIMESTAMP', await readFile(join(keys, 'timestamp-2.pem'), 'utf8'));
  vi.stubEnv('NEARSIDE_PASSPHRASE', PASSPHRASE);
  const alone = ['renew', '--repo', repository, '--keys', join(directory, 'none')];
  expect(await nearside(alone)).toMatchObject({ exitCode: 0 });
});

describe('rotate-root', () => {
  test('does each everyday job in a line, and nothing the second time', async () => {
    const { repository, keys, pin } = await published();
    const to = ['--repo', repository, '--keys', keys];
    await nearside(['keygen', '--out', keys, '--role', 'timestamp', '--no-encrypt']);
    await nearside(['keygen', '--out', keys, '--role', 'root', '--no-encrypt', '--count', '2']);
    await nearside(['keygen', '--out', keys, '--role', 'model', '--no-encrypt']);
    for (const [version, ...job] of [
      ['2', '--replace', 'timestamp'],
      ['3', '--replace', 'root', '--threshold', 'root=2'],
      ['4', '--add', 'model'],
    ]) {
      const done = await nearside(['rotate-root', ...to, ...job]);
      expect(done.out).toMatch(/^ {2}\d\. metadata\/\d\.root\.json\n {2}\d\. boot\/\n/m);
      expect(done.out).toContain(`Wrote root version ${version}`);
      expect((await nearside(['rotate-root', ...to, ...job])).out).toContain('Nothing was written');
    }
    expect(await nearside(['verify', repository, '--trust', pin])).toMatchObject({ exitCode: 0 });
  });

  test('is refused with exit code 4 where devices would lose a version', async () => {
    const { repository, keys } = await published();
    await nearside(['keygen', '--out', keys, '--role', 'model', '--no-encrypt']);
    const words = ['rotate-root', '--repo', repository, '--keys', keys, '--replace', 'model'];
    expect(await nearside(words)).toMatchObject({
      exitCode: 4,
      errors: expect.stringContaining('tiny 1.0.0'),
    });
    expect((await nearside([...words, '--drop-versions'])).out).toContain('LOST');
  });

  test('is proposed, signed elsewhere and applied', async () => {
    const { repository, keys, pin, directory } = await published();
    const file = join(directory, 'next-root.json');
    const [desk, empty] = [join(directory, 'desk'), join(directory, 'empty')];
    await nearside(['keygen', '--out', desk, '--role', 'root', '--no-encrypt']);
    const change = ['--new-keys', desk, '--add', 'root', '--threshold', 'root=2'];
    const to = ['--repo', repository, '--keys'];
    const proposed = await nearside(['rotate-root', ...to, keys, ...change, '--propose', file]);
    expect(proposed.out).toContain('Complete.'); // both keys were at hand
    const renewed = await nearside(['rotate-root', ...to, empty, '--propose', file]);
    expect(renewed.out).toContain('signed    by 0 of 1 key that the present root demands');
    const signed = await nearside(['sign-root', file, ...to, keys, '--trust', pin]);
    expect(signed.out).toContain('Complete.');
    expect(await nearside(['rotate-root', ...to, keys, '--apply', file])).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('Wrote root version 2'),
    });
    const both = ['rotate-root', ...to, keys, '--apply', file, '--replace', 'root'];
    expect(await nearside(both)).toMatchObject({ exitCode: 2 });
  });

  test.each([[[]], [['--replace', 'admin']], [['--threshold', 'root']], [['--threshold', 'x=1']]])(
    'is wrong usage with %j',
    async (flags) => {
      const { exitCode } = await nearside(['rotate-root', '--repo', 'site', ...flags]);
      expect(exitCode).toBe(2);
    },
  );
});

describe('status', () => {
  test('exits 0 while all is well, and 3 when something expires soon or has expired', async () => {
    const { repository, pin } = await published();
    const words = ['status', repository, '--trust', pin];
    expect(await nearside(words)).toMatchObject({ exitCode: 0, errors: '' });
    vi.useFakeTimers({ toFake: ['Date'] });
    for (const [days, word] of [
      [12, 'EXPIRING'],
      [15, 'EXPIRED'],
    ] as const) {
      vi.setSystemTime(Date.now() + days * 86_400_000);
      const found = await nearside(words);
      expect(found).toMatchObject({ exitCode: 3, out: expect.stringContaining(word) });
      expect(await nearside([...words, '--json'])).toMatchObject({
        exitCode: 3,
        out: expect.stringContaining('"expiring": true'),
      });
    }
  });
});

describe.skipIf(process.platform === 'win32')('keys that others can read', () => {
  test('are warned of by commands that sign, which go on', async () => {
    const { repository, keys, directory } = await published();
    const words = ['renew', '--repo', repository, '--keys', keys];
    expect(await nearside(words)).toMatchObject({ exitCode: 0, errors: '' });
    await chmod(join(keys, 'timestamp.pem'), 0o640);
    await chmod(join(keys, 'model.pem'), 0o602);
    const { exitCode, out, errors } = await nearside([...words, '--json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ renewed: ['timestamp'] });
    expect(errors).toMatch(/^nearside: warning: .*timestamp\.pem, .*model\.pem: .*chmod 600/);
    expect(errors).not.toContain('root.pem');

    const newKeys = join(directory, 'new');
    await nearside(['keygen', '--out', newKeys, '--role', 'snapshot', '--no-encrypt']);
    await chmod(join(newKeys, 'snapshot.pem'), 0o644);
    const flags = ['--repo', repository, '--keys', keys, '--new-keys', newKeys];
    const rotation = await nearside(['rotate-root', ...flags, '--replace', 'snapshot']);
    expect(rotation.exitCode).toBe(0);
    expect(rotation.errors).toContain(`${newKeys}/snapshot.pem: expected private keys`);
  });
});

test.skipIf(process.platform === 'win32')(
  'a passphrase that others can read is warned of by commands that sign, and by keygen',
  async () => {
    const { repository, keys, directory } = await published();
    const file = join(directory, 'passphrase');
    await writeFile(file, 'correct horse\n', { mode: 0o600 });
    vi.stubEnv('NEARSIDE_PASSPHRASE_FILE', file);
    const renew = ['renew', '--repo', repository, '--keys', keys];
    const keygen = (name: string) => ['keygen', '--out', join(directory, name)];
    expect((await nearside(renew)).errors).toBe('');
    expect((await nearside(keygen('one'))).errors).toBe('');
    await chmod(file, 0o666);
    const warned = /^nearside: warning: .*\/passphrase: expected a passphrase .*chmod 600/;
    expect((await nearside(renew)).errors).toMatch(warned);
    expect((await nearside(keygen('two'))).errors).toMatch(warned);
  },
);

test('verify warns of private keys inside a repository, whatever they are called', async () => {
  const { repository, keys, pin } = await published();
  const words = ['verify', repository, '--trust', pin];
  expect((await nearside(words)).out).not.toContain('warning');
  await rename(keys, join(repository, 'keys'));
  await rename(join(repository, 'keys/model.pem'), join(repository, 'signer.pem'));
  await rename(join(repository, 'keys/targets.pem'), join(repository, 'metadata/targets.json'));
  const { exitCode, out } = await nearside(words);
  expect(exitCode).toBe(0);
  expect(out).toMatch(
    /warning: .*keys\/root\.pem.*metadata\/targets\.json.*signer\.pem: .*published with it/,
  );
  expect(out).not.toContain('model.pub.pem');
});

test.each([
  ['a link to their folder', 'keys', /repository\/keys\/root\.pem/],
  ['a copy with another ending', 'root.key', /root\.key/],
  ['a copy that an editor left', 'root.pem~', /root\.pem~/],
])('verify warns of private keys in %s, which an upload takes along', async (_, name, warned) => {
  const { repository, keys, pin } = await published();
  if (name === 'keys') await symlink(keys, join(repository, name));
  else await copyFile(join(keys, 'root.pem'), join(repository, name));
  const { exitCode, out } = await nearside(['verify', repository, '--trust', pin]);
  expect(exitCode).toBe(0);
  expect(out).toMatch(warned);
});

test('keys inside the repository are warned of, because they would be published', async () => {
  const { repository, keys, directory } = await published();
  const inside = join(repository, 'keys');
  await rename(keys, inside);
  const link = join(directory, 'link');
  await symlink(inside, link);
  for (const folder of [inside, link]) {
    const words = ['renew', '--repo', repository, '--keys', folder];
    const { exitCode, errors } = await nearside(words);
    expect(exitCode).toBe(0);
    expect(errors).toMatch(/^nearside: warning: .*root\.pem.*published with it/);
  }
});

describe('metadata that a clock 50 years ahead has signed', () => {
  async function signedAhead() {
    const workspace = await openWorkspace();
    const { packed } = await workspace.packed();
    const { pin } = await publish({
      ...workspace,
      packed,
      now: () => Date.now() + 50 * 365.25 * 86_400_000,
    });
    return { ...workspace, pin };
  }

  test('is too long by status, which exits 3, until it is renewed', async () => {
    const { repository, keys } = await signedAhead();
    const { exitCode, out } = await nearside(['status', repository]);
    expect(exitCode).toBe(3);
    expect(out.match(/TOO LONG {2}/g)).toHaveLength(4);
    expect(out).toContain('Renew root, targets, snapshot, timestamp: nearside renew');
    const renewed = await nearside(['renew', '--repo', repository, '--keys', keys]);
    expect(renewed.out).toContain('Renewed targets, snapshot, timestamp of');
    expect(renewed.out).toContain('Due to be renewed: root.');
    await nearside(['renew', '--repo', repository, '--keys', keys, '--role', 'root']);
    expect(await nearside(['status', repository])).toMatchObject({ exitCode: 0 });
  });

  test('is warned of by verify, which exits 0: devices take it', async () => {
    const { repository, pin } = await signedAhead();
    const { exitCode, out } = await nearside(['verify', repository, '--trust', pin]);
    expect(exitCode).toBe(0);
    for (const [role, days] of Object.entries(LIFETIME_DAYS)) {
      expect(out).toMatch(
        new RegExp(`warning: ${role}\\.json: expected metadata that expires within ${days} days`),
      );
    }
    const document = await nearside(['verify', repository, '--trust', pin, '--json']);
    expect(JSON.parse(document.out)).toMatchObject({ ok: true, problems: [] });
    expect(JSON.parse(document.out).warnings).toHaveLength(4);
  });
});

describe('verify', () => {
  test('says that everything is well, and how far it is to whoever watches, never beside JSON', async () => {
    const { repository, pin } = await published();
    const { exitCode, out, errors } = await nearside(['verify', repository, '--trust', pin]);
    expect(exitCode).toBe(0);
    expect(out).toContain('everything verifies (1 version,');
    expect(errors).toBe('');
    const lines: string[] = [];
    const watched = { out() {}, error() {}, interrupted: async () => {}, debug: false };
    const progress = (line: string) => lines.push(line);
    await runCommand(['verify', repository, '--trust', pin], { ...watched, progress });
    expect(lines.join('\n')).toContain('tiny 1.0.0, onnx/model.onnx');
    const before = lines.length;
    await runCommand(['verify', repository, '--trust', pin, '--json'], { ...watched, progress });
    expect(lines).toHaveLength(before);
  });

  test('exits 1 with every problem, in words and as JSON', async () => {
    const { repository, pin } = await published();
    const chunks = await readdir(join(repository, 'chunks'));
    for (const name of chunks.slice(0, 2)) await rm(join(repository, 'chunks', name));
    const words = ['verify', repository, '--trust', pin];
    const { exitCode, out } = await nearside(words);
    expect(exitCode).toBe(1);
    for (const name of chunks.slice(0, 2)) expect(out).toContain(name);
    const document = await nearside([...words, '--json']);
    expect(document.exitCode).toBe(1);
    expect(JSON.parse(document.out)).toMatchObject({ ok: false, problems: expect.any(Array) });
  });
});

test('no output of any command holds a key or a passphrase', async () => {
  const { repository, keys, pin, directory } = await published();
  vi.stubEnv('NEARSIDE_PASSPHRASE', PASSPHRASE);
  const broken = join(directory, 'broken');
  const to = ['--repo', repository, '--keys', keys];
  let printed = '';
  const run = async (...words: string[]) => {
    for (const flags of [[], ['--json']]) {
      const { out, errors } = await nearside([...words, ...flags]);
      printed += out + errors;
    }
  };
  await run('keygen', '--out', keys, '--role', 'timestamp');
  await run('keygen', '--out', keys, '--role', 'root', '--no-encrypt');
  await run('keygen', '--out', broken, '--role', 'timestamp');
  await run('rotate-root', ...to, '--replace', 'timestamp', 'root');
  await run('renew', ...to, '--role', 'root', 'targets');
  await run('renew', '--repo', repository, '--keys', broken);
  await run('status', repository);
  await run('verify', repository, '--trust', pin);
  const pem = await readFile(join(keys, 'timestamp-2.pem'), 'utf8');
  vi.stubEnv('NEARSIDE_KEY_TIMESTAMP', pem.replace('A', 'B').slice(0, -30));
  await run('renew', ...to);
  vi.stubEnv('NEARSIDE_KEY_TIMESTAMP', pem);
  vi.stubEnv('NEARSIDE_PASSPHRASE', 'not this one either');
  await run('renew', ...to);

  expect(printed).toContain('key-locked');
  expect(printed).toContain('key-unusable');
  expect(printed).not.toContain(PASSPHRASE);
  expect(printed).not.toContain('not this one either');
  for (const folder of [keys, broken]) {
    for (const name of await readdir(folder)) {
      if (!name.endsWith('.pem') || name.endsWith('.pub.pem')) continue;
      const lines = (await readFile(join(folder, name), 'utf8')).split('\n');
      for (const line of lines.filter((text) => text && !text.startsWith('-----'))) {
        expect(printed).not.toContain(line);
      }
    }
  }
});
