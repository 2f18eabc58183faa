import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { integrityOf, readIntegrity, sealPath } from '@nearside/artifact';
import { parseModelFacts } from '@nearside/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runCommand } from '../commands/run-command.js';
import { listFiles } from '../files/list-files.js';
import { writeSyntheticModel } from '../testing/synthetic-model.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { facts } from './facts.js';
import { inspectSealed } from './inspect-sealed.js';
import { offeredModels } from './offered-models.js';
import { seal } from './seal.js';
import { serveRepository } from './serve-repository.js';
import { verify } from './verify.js';

/** Two sealed versions of one model. */
async function sealTwice() {
  const directory = join(await temporaryDirectory(), 'models');
  const out = join(directory, 'tiny');
  const hashes: string[] = [];
  for (const version of ['1.0.0', '1.1.0']) {
    const modelDirectory = await writeSyntheticModel(join(directory, 'model'), {
      version,
      seed: hashes.length + 1,
    });
    hashes.push((await seal({ modelDirectory, out, onnxRuntime: 'full' })).integrity);
  }
  const [older = '', newer = ''] = hashes;
  return { directory, out, older, newer };
}

async function flipByte(file: string): Promise<void> {
  const bytes = await readFile(file);
  await writeFile(file, bytes.with(0, 255 - (bytes[0] as number)));
}

test('of a directory above the one with sealed models, that one is named to be served', async () => {
  const { directory, out } = await sealTwice();
  const baseUrl = 'http://127.0.0.1';
  const offered = await offeredModels(directory, { baseUrl });
  expect(offered.models.map(({ name }) => name)).toEqual(['tiny']);
  for (const wrong of [out, dirname(directory)]) {
    await expect(offeredModels(wrong, { baseUrl })).rejects.toThrow(directory);
  }
});

describe('verify reads a sealed version as devices do', () => {
  test('from a folder and from an address, and says what it read', async () => {
    const { directory, out, newer } = await sealTwice();
    const server = await serveRepository({ dir: directory, port: 0 });
    onTestFinished(() => server.close());
    for (const repository of [out, `${server.url}/tiny`]) {
      const result = await verify({ repository, integrity: newer });
      expect(result).toMatchObject({ ok: true, problems: [], versions: ['tiny 1.1.0'] });
      expect(result.chunks).toBeGreaterThan(5);
    }
  });

  test('a changed chunk, a lost one and a changed seal are problems', async () => {
    const { out, newer } = await sealTwice();
    const codes = async () => {
      const { problems } = await verify({ repository: out, integrity: newer });
      return problems.map(({ code }) => code);
    };
    const names = (await listFiles(join(out, 'chunks'))) ?? [];
    for (const name of names) await flipByte(join(out, 'chunks', name));
    expect(await codes()).toContain('digest-mismatch');
    await rm(join(out, 'chunks'), { recursive: true });
    expect(await codes()).toContain('file-missing');
    await flipByte(join(out, sealPath(readIntegrity(newer) as string)));
    expect(await codes()).toEqual(['digest-mismatch']);
  });

  test('a hash that is not there is named, and one that is none is a TypeError', async () => {
    const { out } = await sealTwice();
    const absent = `sha256-${'A'.repeat(43)}=`;
    const { ok, problems } = await verify({ repository: out, integrity: absent });
    expect([ok, problems[0]?.code]).toEqual([false, 'model-not-found']);
    expect(problems[0]?.message).toContain(absent);
    await expect(verify({ repository: out, integrity: 'sha1-x' })).rejects.toThrow(/`integrity`/);
    await expect(verify({ repository: out })).rejects.toThrow(/neither/);
    await expect(verify({ repository: out, integrity: absent, trust: absent })).rejects.toThrow(
      /both/,
    );
  });
});

test('facts of sealed versions are what a collector reads: named by their seals, for every device', async () => {
  const { directory, out, older, newer } = await sealTwice();
  const file = join(directory, 'models.json');
  await facts({ repository: out, integrity: [newer, older], out: file });
  const { models } = parseModelFacts(JSON.parse(await readFile(file, 'utf8')));
  expect(models).toMatchObject([
    {
      model: 'tiny',
      versions: [
        { version: '1.1.0', state: 'stable', baseline: { n: 2 } },
        { version: '1.0.0', state: 'stable', metrics: { accuracy: 0.5 } },
      ],
    },
  ]);
  const sealed = readIntegrity(newer);
  const [version] = models[0]?.versions ?? [];
  expect(version?.manifest).toBe(sealed);
  expect(version?.sequence).toBe(Number(`0x${sealed?.slice(0, 12)}`));
});

test('inspect lists sealed versions, the newest first, and says which does not verify', async () => {
  const { out, older, newer } = await sealTwice();
  const { model, versions } = await inspectSealed({ location: out });
  expect(model).toBe('tiny');
  expect(versions.map(({ version, integrity }) => [version, integrity])).toEqual([
    ['1.1.0', newer],
    ['1.0.0', older],
  ]);
  expect(versions[0]?.previous?.version).toBe('1.0.0');
  await flipByte(join(out, sealPath(readIntegrity(older) as string)));
  const lines: string[] = [];
  const terminal = {
    out: (line: string) => lines.push(line),
    error: (line: string) => lines.push(line),
    interrupted: async () => {},
    debug: false,
  };
  await runCommand(['inspect', out], terminal);
  expect(lines.join('\n')).toContain(`1.0.0 ${older}: NOT USABLE, digest-mismatch`);
  lines.length = 0;
  await runCommand(['inspect', out, '--integrity', newer], terminal);
  expect(lines.join('\n')).toMatch(/1\.1\.0 sha256-[^ ]+: [\d.]+ kB in \d+ chunks/);
  expect(lines.join('\n')).not.toContain(older);
});

test.each([
  [{ version: '1.0.0', integrity: 'sha256-' }],
  [{ version: '\u001b[2J', integrity: integrityOf('0'.repeat(64)) }],
])('an index that lists no hash, or no version, is malformed: %#', async (one) => {
  const { out } = await sealTwice();
  const index = { format: 1, latest: integrityOf('0'.repeat(64)), seals: [one] };
  await writeFile(join(out, 'nearside.json'), JSON.stringify(index));
  await expect(inspectSealed({ location: out })).rejects.toMatchObject({
    code: 'metadata-malformed',
  });
});
