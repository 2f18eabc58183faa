import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { pack } from '../library/pack.js';
import { seal } from '../library/seal.js';
import { sealedLine } from '../sealing/sealed-address.js';
import { openDevice } from '../testing/device.js';
import { DIGITS } from '../testing/hugging-face-folder.js';
import { runNearside } from '../testing/run-nearside.js';
import { writeSyntheticModel } from '../testing/synthetic-model.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { runCommand } from './run-command.js';

const nearside = (words: readonly string[], interrupted = Promise.resolve()) =>
  runNearside(words, { interrupted: () => interrupted });

/** A directory with a model in it, and words that name what a session there writes. */
async function openDesk() {
  const directory = await temporaryDirectory();
  const at = (name: string) => join(directory, name);
  await writeSyntheticModel(at('model'));
  return { at, keys: at('keys'), packed: at('packed'), site: at('site'), model: at('model') };
}

test('keygen, pack, publish, inspect, pin: a session from keys to an open() line', async () => {
  const { keys, packed, site, model } = await openDesk();
  const keygen = await nearside(['keygen', '--out', keys]);
  expect(keygen).toMatchObject({ exitCode: 0, errors: '' });
  expect(keygen.out).toContain('NOT encrypted');

  const pack = await nearside(['pack', model, '--out', packed]);
  expect(pack.out).toContain('Packed tiny 1.0.0 (sequence 1)');

  const publish = ['publish', packed, '--repo', site, '--keys', keys];
  const published = await nearside([...publish, '--base-url', 'https://cdn.example/models']);
  const pin = (await nearside(['pin', site])).out;
  const lastLine = published.out.split('\n').at(-1);
  expect(lastLine).toBe(`open('https://cdn.example/models/tiny', { trust: '${pin}' })`);
  expect(published.out).toContain(`New visitors are let in until ${await timestampExpiry(site)};`);
  expect((await nearside(publish)).out).toContain('Nothing was written.');

  const inspected = await nearside(['inspect', site]);
  expect(inspected.out).toContain('1.0.0, sequence 1, stable');
  expect(inspected.out).not.toContain('onnx/model.onnx');
  const withFiles = await nearside(['inspect', site, '--files']);
  expect(withFiles.out).toContain('onnx/model.onnx');
});

async function timestampExpiry(site: string): Promise<string> {
  return JSON.parse(await readFile(join(site, 'metadata/timestamp.json'), 'utf8')).signed.expires;
}

test('serve prints the line that opens each model, and until when new visitors are let in', async () => {
  const { keys, packed, site, model } = await openDesk();
  await nearside(['keygen', '--out', keys]);
  await nearside(['pack', model, '--out', packed]);
  await nearside(['publish', packed, '--repo', site, '--keys', keys]);
  const served = await nearside(['serve', site, '--port', '0']);
  expect(served.out).toMatch(/^open\('http:\/\/127\.0\.0\.1:\d+\/tiny', \{ trust: 'sha256-/m);
  expect(served.out).toContain(`let in until ${await timestampExpiry(site)};`);
  await rm(join(site, 'metadata/1.root.json'));
  expect((await nearside(['serve', site, '--port', '0'])).out).toContain(
    'No device opens a model of it: file-missing:',
  );
});

test('serve prints the line that opens each sealed model, and refuses what it cannot serve', async () => {
  const { at, packed, model } = await openDesk();
  const site = at('public/models');
  const sealed = await seal({
    modelDirectory: model,
    out: join(site, 'tiny'),
    onnxRuntime: 'full',
  });
  const serve = (dir: string) => nearside(['serve', dir, '--port', '0']);
  const { out } = await serve(site);
  expect(out).toMatch(/^open\('http:\/\/127\.0\.0\.1:\d+\/tiny', \{ integrity: '/m);
  expect(out).toContain(sealed.integrity);
  expect(out).not.toContain('renew');

  await pack({ modelDirectory: model, out: packed });
  const refused = [await serve(packed), await serve(join(site, 'tiny')), await serve(model)];
  expect(refused.map(({ exitCode }) => exitCode)).toEqual([1, 1, 1]);
  const advice = [`nearside publish ${packed} --repo`, `above it: ${site}`, 'got neither'];
  for (const [i, { errors }] of refused.entries()) expect(errors).toContain(advice[i]);
});

test('try serves a model that devices open, by a line that is always the same, and leaves nothing behind', async () => {
  const temporary = await temporaryDirectory();
  vi.stubEnv('TMPDIR', temporary);
  const lines: string[] = [];
  const exitCode = await runCommand(['try', '--port', '0'], {
    out: (line) => lines.push(...line.split('\n')),
    error: (line) => lines.push(line),
    debug: false,
    async interrupted() {
      const [sealed = '', signed = ''] = lines.filter((line) => line.startsWith('open('));
      const [, url = '', pin = ''] = /'(.*)\/digits', \{ trust: '(.*)'/.exec(signed) ?? [];
      const device = openDevice({ url, pin, model: 'digits' });
      expect((await device.install()).release).toMatchObject({ model: 'digits' });
      const out = join(temporary, 'again/digits');
      const again = await seal({ modelDirectory: DIGITS, out, onnxRuntime: 'common' });
      expect(sealed).toBe(sealedLine(`${url}/digits`, again.integrity));
    },
  });
  vi.unstubAllEnvs();
  expect({ exitCode, left: await readdir(temporary) }).toEqual({ exitCode: 0, left: ['again'] });
  expect(lines.join('\n')).not.toContain('renew');
});

test('with --json every command prints one JSON document', async () => {
  const { keys, packed, site, model } = await openDesk();
  const documents: Record<string, Record<string, unknown>> = {};
  for (const words of [
    ['keygen', '--out', keys],
    ['pack', model, '--out', packed],
    ['publish', packed, '--repo', site, '--keys', keys],
    ['inspect', site],
    ['pin', site],
    ['serve', site, '--port', '0'],
  ]) {
    const { exitCode, out } = await nearside([...words, '--json']);
    expect(exitCode).toBe(0);
    documents[words[0] ?? ''] = JSON.parse(out);
  }
  const { pin } = documents.pin ?? {};
  expect(documents.keygen).toMatchObject({ encrypted: false });
  expect(documents.pack).toMatchObject({ model: 'tiny', version: '1.0.0', sequence: 1 });
  expect(documents.publish).toMatchObject({ changed: true, pin, open: expect.any(String) });
  expect(documents.inspect).toMatchObject({ pin, models: [{ name: 'tiny' }] });
  expect(documents.serve).toMatchObject({ url: expect.stringMatching(/^http:/) });
});

test('serve answers until it is interrupted', async () => {
  const { keys, packed, site, model } = await openDesk();
  await nearside(['keygen', '--out', keys]);
  await nearside(['pack', model, '--out', packed]);
  await nearside(['publish', packed, '--repo', site, '--keys', keys]);
  const lines: string[] = [];
  const errors: string[] = [];
  const exitCode = await runCommand(['serve', site, '--port', '0', '--json'], {
    out: (line) => lines.push(line),
    error: (line) => errors.push(line),
    debug: false,
    async interrupted() {
      const { url } = JSON.parse(lines.join('\n'));
      expect((await fetch(`${url}/metadata/timestamp.json`)).status).toBe(200);
    },
  });
  expect(exitCode).toBe(0);
  expect(errors).toEqual([]);
});

test('no output of any command holds key material', async () => {
  const { keys, packed, site, model } = await openDesk();
  const sessions = [
    ['keygen', '--out', keys],
    ['keygen', '--out', keys],
    ['pack', model, '--out', packed],
    ['publish', packed, '--repo', site, '--keys', keys],
    ['inspect', site],
  ];
  let printed = '';
  for (const words of sessions) {
    for (const flags of [[], ['--json']]) {
      const { out, errors } = await nearside([...words, ...flags]);
      printed += out + errors;
    }
  }
  for (const role of ['root', 'targets', 'snapshot', 'timestamp', 'model']) {
    const pem = await readFile(join(keys, `${role}.pem`), 'utf8');
    for (const line of pem.split('\n').filter((line) => line && !line.startsWith('-----'))) {
      expect(printed).not.toContain(line);
    }
  }
});

describe('exit codes', () => {
  test.each([
    ['an unknown command', ['deploy']],
    ['no command', []],
    ['a missing argument', ['pack']],
    ['a missing option', ['pack', 'model']],
    ['an unknown option', ['pin', 'site', '--fast']],
    ['a port that is none', ['serve', 'site', '--port', 'eighty']],
    ['an address no device accepts', ['publish', 'p', '--repo', 'r', '--base-url', 'http://a.b/']],
  ])('2: %s', async (_, words) => {
    const { exitCode, errors } = await nearside(words);
    expect(exitCode).toBe(2);
    expect(errors.split('\n').at(-1)).toMatch(/^nearside: usage: [^\n]+[^.]\.$/);
  });

  test.each([['quantize'], ['quantize', 'model']])(
    '2: %s, with all that is needed',
    async (...words) => {
      const { errors } = await nearside(words);
      expect(errors).toContain('expected nearside quantize <model> --out <dir>.');
    },
  );

  test('1: a failure, as one line with its code and what to do', async () => {
    const { site } = await openDesk();
    const { exitCode, errors } = await nearside(['pin', site]);
    expect(exitCode).toBe(1);
    expect(errors).toMatch(/^nearside: file-missing: [^\n]+`nearside publish --repo`[^\n]+$/);
  });

  test('1: a failure with --json, as a document too', async () => {
    const { site } = await openDesk();
    const { exitCode, out } = await nearside(['inspect', site, '--json']);
    expect(exitCode).toBe(1);
    expect(JSON.parse(out).error).toMatchObject({
      code: 'file-missing',
      message: expect.any(String),
      details: { location: site },
    });
  });

  test('0: --help, of the command and of each of its commands', async () => {
    for (const command of ['keygen', 'pack', 'publish', 'inspect', 'serve', 'pin']) {
      const { exitCode, out } = await nearside([command, '--help']);
      expect(exitCode).toBe(0);
      expect(out).toContain(`Usage: nearside ${command}`);
      expect(out).toContain('--json');
      expect((await nearside(['--help'])).out).toContain(command);
    }
  });
});
