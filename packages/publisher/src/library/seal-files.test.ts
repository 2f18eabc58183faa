import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MAX_CHUNK_BYTES } from '@nearside/core';
import { describe, expect, test } from 'vitest';
import { readSealedVersion } from '../sealing/read-sealed.js';
import { fixture } from '../testing/fixtures.js';
import { runNearside } from '../testing/run-nearside.js';
import { snapshotOf } from '../testing/snapshot.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { sealFiles } from './seal-files.js';

async function folder() {
  const directory = await temporaryDirectory();
  const source = join(directory, 'downloads/bert');
  await cp(fixture('bert'), source, { recursive: true });
  return { directory, source, out: join(directory, 'public/models/bert') };
}

describe('a folder that is sealed as it is', () => {
  test('has all its files but hidden ones under one hash, and the same bytes each time', async () => {
    const { source, out } = await folder();
    await writeFile(join(source, '.gitattributes'), '*.onnx filter=lfs');
    await writeFile(join(source, 'onnx/model.onnx_data'), new Uint8Array(MAX_CHUNK_BYTES + 5));
    const sealed = await sealFiles({ directory: source, out });
    const names = ['config.json', 'onnx/model.onnx', 'onnx/model.onnx_data'];
    expect(sealed.files).toEqual([...names, 'tokenizer.json', 'tokenizer_config.json']);
    expect(sealed).toMatchObject({ changed: true, name: 'bert', url: 'models/bert' });
    expect(sealed.version).toMatch(/^0\.0\.0-h[0-9a-f]{8}$/);
    const { integrity } = sealed;
    expect(sealed.fetch).toBe(
      `env.fetch = verifiedFetch({ url: 'models/bert', integrity: '${integrity}' })`,
    );
    const { version } = await readSealedVersion(out, integrity);
    expect(version.layout.files['onnx/model.onnx_data']).toHaveLength(2);

    const before = await snapshotOf(out);
    expect(await sealFiles({ directory: source, out })).toMatchObject({
      changed: false,
      integrity,
    });
    expect(await snapshotOf(out)).toEqual(before);
    await writeFile(join(source, 'config.json'), '{}');
    const changed = await sealFiles({ directory: source, out, prune: true });
    expect(changed).toMatchObject({ changed: true, filesRemoved: 3 });
  });

  test('is refused, and named, where a link leads out of it', async () => {
    const { directory, source, out } = await folder();
    await writeFile(join(directory, 'secret'), 'a key');
    await symlink(join(directory, 'secret'), join(source, 'vocab.txt'));
    const sealing = sealFiles({ directory: source, out });
    await expect(sealing).rejects.toMatchObject({
      code: 'name-unsafe',
      message: expect.stringMatching(
        /vocab\.txt: expected a file inside .*, got a link, which leads/,
      ),
    });
  });

  test.each([
    ['without a file', async (source: string) => mkdir(source), 'file-missing'],
    [
      'with a name that no address has',
      async (source: string) => {
        await mkdir(source);
        await writeFile(join(source, 'my model.onnx'), '');
      },
      'name-unsafe',
    ],
    [
      'with a link to nothing',
      async (source: string) => {
        await mkdir(source);
        await symlink('gone', join(source, 'model.onnx'));
      },
      'file-missing',
    ],
  ])('%s is refused', async (_, make, code) => {
    const directory = await temporaryDirectory();
    const source = join(directory, 'source');
    await make(source);
    const sealing = sealFiles({ directory: source, out: join(directory, 'public/bert') });
    await expect(sealing).rejects.toMatchObject({ code });
  });

  test('never holds its own seals, nor a name that devices refuse', async () => {
    const { source, directory } = await folder();
    const inside = sealFiles({ directory: source, out: join(source, 'sealed') });
    await expect(inside).rejects.toThrow(/`out` outside/);
    const odd = sealFiles({ directory: source, out: join(directory, 'public/My Bert') });
    await expect(odd).rejects.toThrow(/`out` to end in lower-case/);
  });
});

test('the last line that `seal --files` prints is the one to paste; a flag of models beside it exits 2', async () => {
  const { source, out } = await folder();
  const words = ['seal', '--files', source, '--out', out];
  const printed = await runNearside(words);
  expect(printed).toMatchObject({ exitCode: 0, errors: '' });
  expect(printed.out).toMatch(/^Sealed bert 0\.0\.0-h[0-9a-f]{8}, 4 files, in /);
  expect(printed.out).toMatch(
    /\n\nenv\.fetch = verifiedFetch\(\{ url: 'models\/bert', integrity: /,
  );
  const wrong = await runNearside([...words, '--module', 'bert.ts']);
  expect(wrong.exitCode).toBe(2);
  expect(wrong.errors).toContain('`--module`');
});
