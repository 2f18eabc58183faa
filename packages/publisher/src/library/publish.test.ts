import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chunkPath, TIMESTAMP_PATH } from '@nearside/artifact';
import { describe, expect, test } from 'vitest';
import { listFiles } from '../files/list-files.js';
import { snapshotOf } from '../testing/snapshot.js';
import { openWorkspace } from '../testing/workspace.js';
import { generateKeys } from './generate-keys.js';
import { publish } from './publish.js';

const DAY_MS = 86_400_000;

async function readSigned(repository: string, path: string) {
  return JSON.parse(await readFile(join(repository, path), 'utf8')).signed;
}

describe('the first publish', () => {
  test('makes a repository whose roles have a key each, with the default lifetimes', async () => {
    const { packed, repository, keys } = await prepare();
    const now = Date.parse('2027-01-01T12:00:00.500Z');
    await publish({ packed, repository, keys, now: () => now });
    const root = await readSigned(repository, 'metadata/1.root.json');
    expect(root.consistent_snapshot).toBe(true);
    expect(Object.keys(root.keys)).toHaveLength(4);
    expect(Object.keys(root['x-nearside-model-keys'])).toHaveLength(1);
    for (const [path, days] of [
      ['metadata/1.root.json', 365],
      ['metadata/1.targets.json', 90],
      ['metadata/1.snapshot.json', 30],
      [TIMESTAMP_PATH, 14],
    ] as const) {
      const { expires } = await readSigned(repository, path);
      expect(Date.parse(expires), path).toBe(now - 500 + days * DAY_MS);
    }
  });

  test('offers the version to every device as stable', async () => {
    const { packed, repository, keys } = await prepare();
    const { manifestSha256 } = await publish({ packed, repository, keys });
    const { targets } = await readSigned(repository, 'metadata/1.targets.json');
    expect(targets).toEqual({
      'tiny-1.0.0.oms.json': {
        length: expect.any(Number),
        hashes: { sha256: manifestSha256 },
        custom: {
          model: 'tiny',
          version: '1.0.0',
          sequence: 1,
          state: 'stable',
          requires: { format: 1, runtime: ['onnx', 'tfjs'] },
        },
      },
    });
  });

  test('gives the line that opens the model', async () => {
    const { packed, repository, keys } = await prepare();
    const baseUrl = 'https://cdn.example/models/';
    const { open, pin } = await publish({ packed, repository, keys, baseUrl });
    expect(open).toBe(`open('https://cdn.example/models/tiny', { trust: '${pin}' })`);
    expect(pin).toMatch(/^sha256-[A-Za-z0-9_-]{43}$/);
  });

  test('with an address no device accepts writes nothing', async () => {
    const { packed, repository, keys } = await prepare();
    const baseUrl = 'http://cdn.example/models';
    await expect(publish({ packed, repository, keys, baseUrl })).rejects.toThrow(TypeError);
    expect(await listFiles(repository)).toBeUndefined();
  });

  test('leaves no private key in the repository', async () => {
    const { packed, repository, keys } = await prepare();
    await publish({ packed, repository, keys });
    for (const name of (await listFiles(repository)) ?? []) {
      expect(await readFile(join(repository, name), 'latin1')).not.toContain('PRIVATE');
    }
  });
});

describe('publishing the same again', () => {
  test('writes nothing and says so, though a new signature would differ', async () => {
    const workspace = await openWorkspace();
    const first = await workspace.release();
    const before = await snapshotOf(workspace.repository);
    const again = await workspace.release();
    expect(again).toMatchObject({ changed: false, filesWritten: 0, bytesWritten: 0 });
    expect(again.manifestSha256).toBe(first.manifestSha256);
    expect(await snapshotOf(workspace.repository)).toEqual(before);
  });

  test('needs no key', async () => {
    const workspace = await openWorkspace();
    await workspace.release();
    await rm(workspace.keys, { recursive: true });
    const { packed } = await workspace.packed();
    const { changed } = await publish({ ...workspace, packed });
    expect(changed).toBe(false);
  });

  test('restores a chunk that was lost and one that was damaged', async () => {
    const workspace = await openWorkspace();
    const { packed } = await workspace.release();
    const layout = JSON.parse(await readFile(join(packed, 'layout.json'), 'utf8'));
    const lost = chunkPath(layout.files['onnx/model.onnx'][0][0], { gzip: false });
    const damaged = chunkPath(layout.files['tfjs/weights.bin'][0][0], { gzip: true });
    await rm(join(workspace.repository, lost));
    await writeFile(join(workspace.repository, damaged), 'x');
    const again = await publish({ ...workspace, packed });
    expect(again).toMatchObject({ changed: false, chunksWritten: 2 });
    expect((await stat(join(workspace.repository, lost))).size).toBe(900);
  });
});

describe('a second version', () => {
  test('adds what is new, raises every version by one, and keeps the pin', async () => {
    const workspace = await openWorkspace();
    const first = await workspace.release();
    const second = await workspace.release({ version: '1.1.0', sequence: 2, seed: 2 });
    expect(second.pin).toBe(first.pin);
    expect(second.metadata).toEqual({ root: 1, targets: 2, snapshot: 2, timestamp: 2 });
    // Changed: the weights, model.json and layout.json.
    expect(second.chunksWritten).toBe(3);
    const { targets } = await readSigned(workspace.repository, 'metadata/2.targets.json');
    expect(Object.keys(targets)).toEqual(['tiny-1.0.0.oms.json', 'tiny-1.1.0.oms.json']);
  });

  test('needs no root key', async () => {
    const workspace = await openWorkspace();
    await workspace.release();
    await rm(join(workspace.keys, 'root.pem'));
    const second = await workspace.release({ version: '1.1.0', sequence: 2 });
    expect(second.changed).toBe(true);
  });

  test('of another model lives beside the first', async () => {
    const workspace = await openWorkspace();
    await workspace.release();
    const other = await workspace.release({ name: 'other' });
    expect(other).toMatchObject({ changed: true, model: 'other', sequence: 1 });
  });

  test.each([
    ['the same version with other files', { seed: 2 }],
    ['the same version with another sequence', { sequence: 2 }],
    ['another version with the same sequence', { version: '1.1.0' }],
    ['a newer version with a lower sequence', { version: '1.1.0', sequence: 1 }],
  ])('is refused and nothing is written: %s', async (_, model) => {
    const workspace = await openWorkspace();
    await workspace.release();
    const before = await snapshotOf(workspace.repository);
    await expect(workspace.release(model)).rejects.toMatchObject({
      code: 'version-conflict',
      message: expect.stringMatching(/[Rr]aise .*`sequence`.*`--sequence/),
    });
    expect(await snapshotOf(workspace.repository)).toEqual(before);
  });
});

describe('publish refuses, and writes nothing', () => {
  test('keys of another repository', async () => {
    const workspace = await openWorkspace();
    await workspace.release();
    const keys = join(workspace.directory, 'other-keys');
    await generateKeys({ out: keys });
    const { packed } = await workspace.packed({ version: '1.1.0', sequence: 2 });
    await expect(publish({ ...workspace, packed, keys })).rejects.toMatchObject({
      code: 'key-unusable',
    });
  });

  test('a model key that root does not name', async () => {
    const workspace = await openWorkspace();
    await workspace.release();
    const before = await snapshotOf(workspace.repository);
    await rm(join(workspace.keys, 'model.pem'));
    const other = join(workspace.directory, 'other-keys');
    await generateKeys({ out: other });
    await writeFile(join(workspace.keys, 'model.pem'), await readFile(join(other, 'model.pem')));
    await expect(workspace.release({ version: '1.1.0', sequence: 2 })).rejects.toMatchObject({
      code: 'model-key-unknown',
    });
    expect(await snapshotOf(workspace.repository)).toEqual(before);
  });

  test('a repository whose root has expired', async () => {
    const workspace = await openWorkspace();
    await workspace.release();
    const { packed } = await workspace.packed({ version: '1.1.0', sequence: 2 });
    const now = () => Date.now() + 366 * DAY_MS;
    await expect(publish({ ...workspace, packed, now })).rejects.toMatchObject({
      code: 'metadata-expired',
      details: { role: 'root' },
    });
  });

  test('a new repository without keys, and says what makes them', async () => {
    const { packed, repository } = await prepare();
    const keys = join(packed, '..', 'none');
    await expect(publish({ packed, repository, keys })).rejects.toThrow(
      '`nearside publish --new-keys`',
    );
    expect(await listFiles(repository)).toBeUndefined();
  });

  test.each([
    ['a key that is missing', 'file-missing', undefined],
    ['a key that is no PEM', 'key-unusable', 'hello'],
    ['a key of another kind', 'key-unusable', 'model.pem'],
    [
      'an encrypted key',
      'key-locked',
      '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGb\n-----END ENCRYPTED PRIVATE KEY-----\n',
    ],
  ])('%s (%s)', async (_, code, content) => {
    const { packed, repository, keys } = await prepare();
    const file = join(keys, 'targets.pem');
    if (content === undefined) await rm(file);
    else if (content === 'model.pem') await writeFile(file, await readFile(join(keys, content)));
    else await writeFile(file, content);
    await expect(publish({ packed, repository, keys })).rejects.toMatchObject({ code });
    expect(await listFiles(repository)).toBeUndefined();
  });

  test.each([
    ['a directory that was never packed', 'file-missing', 'layout.json', undefined],
    [
      'a file that was changed after pack',
      'digest-mismatch',
      'MODEL.md',
      '# tiny\n\nA model of nothing, for TESTS.\n',
    ],
    [
      'a file that grew after pack',
      'size-mismatch',
      'MODEL.md',
      '# longer than before, much longer indeed',
    ],
    ['a file that was added after pack', 'model-invalid', 'notes.txt', 'x'],
    ['a layout of other files', 'model-invalid', 'layout.json', '{"format":1,"files":{}}'],
  ])('%s (%s)', async (_, code, name, content) => {
    const { packed, repository, keys } = await prepare();
    if (content === undefined) await rm(join(packed, name));
    else await writeFile(join(packed, name), content);
    await expect(publish({ packed, repository, keys })).rejects.toMatchObject({ code });
    expect(await listFiles(repository)).toBeUndefined();
  });
});

async function prepare() {
  const workspace = await openWorkspace();
  const { packed } = await workspace.packed();
  return { packed, repository: workspace.repository, keys: workspace.keys };
}
