import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bootPath, chunkPath, parseBootFile } from '@nearside/artifact';
import { describe, expect, test } from 'vitest';
import { inspect } from '../../library/inspect.js';
import { pack } from '../../library/pack.js';
import { promote } from '../../library/promote.js';
import { publish } from '../../library/publish.js';
import { revoke } from '../../library/revoke.js';
import { snapshotOf } from '../../testing/snapshot.js';
import { noise } from '../../testing/synthetic-model.js';
import { openWorkspace } from '../../testing/workspace.js';
import { readPackedVersion } from '../reading/packed-version.js';

async function readBoot(repository: string, model = 'tiny') {
  const bytes = await readFile(join(repository, bootPath(model)));
  return { bytes, files: parseBootFile(new Uint8Array(bytes)) };
}

describe('the boot file', () => {
  test('holds what a first open needs besides weights, in the order of the walk', async () => {
    const workspace = await openWorkspace();
    await workspace.release();
    const { files } = await readBoot(workspace.repository);
    const kinds = [...files.keys()].map((path) => path.replace(/[0-9a-f]{64}/, '<hash>'));
    expect(kinds).toEqual([
      'metadata/1.root.json',
      'metadata/timestamp.json',
      'metadata/1.snapshot.json',
      'metadata/1.targets.json',
      'targets/<hash>.tiny-1.0.0.oms.json',
      'chunks/<hash>', // layout.json
      'chunks/<hash>.z', // model.json
      'chunks/<hash>.z', // golden.json
      expect.stringMatching(/^chunks\/<hash>(?:\.z)?$/), // baseline.json
      'chunks/<hash>', // golden/one.x.bin
      'chunks/<hash>', // golden/one.onnx.y.bin
      'chunks/<hash>', // golden/one.tfjs.y.bin
    ]);
  });

  test('holds the same bytes as the files it stands for', async () => {
    const workspace = await openWorkspace();
    await workspace.release();
    for (const [path, bytes] of (await readBoot(workspace.repository)).files) {
      const file = await readFile(join(workspace.repository, path));
      expect(file.equals(bytes), path).toBe(true);
    }
  });

  test('has JSON as its text, which gzip packs better, and all else in base64', async () => {
    const workspace = await openWorkspace();
    await workspace.release();
    const { bytes, files } = await readBoot(workspace.repository);
    const written: [string, string][] = Object.entries(JSON.parse(bytes.toString()).files);
    for (const [path, text] of written) {
      const file = Buffer.from(files.get(path) as Uint8Array);
      expect(text, path).toBe(file[0] === 0x7b ? file.toString() : file.toString('base64'));
    }
    const inBase64 = written.map(([path]) => [
      path,
      Buffer.from(files.get(path) ?? []).toString('base64'),
    ]);
    const before = JSON.stringify({ format: 1, files: Object.fromEntries(inBase64) });
    expect(gzipSync(bytes).length).toBeLessThan(0.85 * gzipSync(before).length);
  });

  test('follows every change, of whichever model, and is the same for the same repository', async () => {
    const workspace = await openWorkspace();
    await workspace.release();
    await workspace.release({ name: 'other', seed: 5 });
    const bootStates = async () =>
      (await inspect(workspace)).models.map(({ name, boot }) => [name, boot.state]);
    const fresh = [
      ['other', 'fresh'],
      ['tiny', 'fresh'],
    ];
    expect(await bootStates()).toEqual(fresh);
    const second = await workspace.packed({ version: '1.1.0', sequence: 2, seed: 2 });
    await publish({ ...workspace, packed: second.packed, canaryPercent: 1 });
    expect(await bootStates()).toEqual(fresh);

    const { bytes } = await readBoot(workspace.repository);
    await rm(join(workspace.repository, 'boot'), { recursive: true });
    await publish({ ...workspace, packed: second.packed });
    expect((await readBoot(workspace.repository)).bytes.equals(bytes)).toBe(true);
  });

  test('is of the newest version that every device may run', async () => {
    const workspace = await openWorkspace();
    await workspace.release();
    const { packed } = await workspace.packed({ version: '1.1.0', sequence: 2, seed: 2 });
    await publish({ ...workspace, packed, canaryPercent: 100 });
    const bundles = async () =>
      [...(await readBoot(workspace.repository)).files.keys()].filter((path) =>
        path.startsWith('targets/'),
      );
    expect(await bundles()).toEqual([expect.stringContaining('tiny-1.0.0')]);
    await promote({ ...workspace, model: 'tiny', version: '1.1.0', to: 'stable' });
    expect(await bundles()).toEqual([expect.stringContaining('tiny-1.1.0')]);
    await revoke({ ...workspace, model: 'tiny', version: '1.1.0' });
    expect(await bundles()).toEqual([expect.stringContaining('tiny-1.0.0')]);
  });

  test('goes away with the last version that every device may run', async () => {
    const workspace = await openWorkspace();
    await workspace.release();
    await revoke({ ...workspace, model: 'tiny', version: '1.0.0', force: true });
    await expect(readBoot(workspace.repository)).rejects.toMatchObject({ code: 'ENOENT' });
    expect((await inspect(workspace)).models[0]?.boot.state).toBe('none');
  });

  test('leaves out golden tensors that would make it larger than 32 KB gzip', async () => {
    const workspace = await openWorkspace();
    const { source, packed } = await workspace.packed();
    const golden = JSON.parse(await readFile(join(source, 'golden.json'), 'utf8'));
    await writeFile(join(source, 'onnx/model.onnx'), noise(2_500_000, 5)); // golden files may take 2 %
    const shape = [1500, 4];
    golden.cases[0].inputs.x.shape = shape;
    for (const variant of ['onnx', 'tfjs']) golden.cases[0].expected[variant].y.shape = [1500, 2];
    const random = new Float32Array(6_000).map((_, i) => (noise(4, i + 1)[0] ?? 0) / 7);
    await writeFile(join(source, 'golden.json'), JSON.stringify(golden));
    await writeFile(join(source, 'golden/one.x.bin'), new Uint8Array(random.buffer));
    for (const variant of ['onnx', 'tfjs']) {
      const values = random.slice(0, 3_000);
      await writeFile(join(source, `golden/one.${variant}.y.bin`), new Uint8Array(values.buffer));
    }
    await pack({ modelDirectory: source, out: packed });
    await publish({ ...workspace, packed });
    const { bytes, files } = await readBoot(workspace.repository);
    expect(gzipSync(bytes, { level: 9 }).length).toBeLessThanOrEqual(32 * 1024);
    expect(files.size).toBeGreaterThanOrEqual(9);
    expect(files.size).toBeLessThan(12);
  });
});

test('a version with a lost file has no boot file, and is in nobody else’s way', async () => {
  const workspace = await openWorkspace();
  const { packed } = await workspace.release();
  const { layout } = await readPackedVersion(packed);
  const [sha256, , gzipBytes] = layout.files['model.json']?.[0] ?? [''];
  await rm(join(workspace.repository, chunkPath(sha256, { gzip: gzipBytes !== undefined })));
  await workspace.release({ name: 'other', seed: 5 });
  const states = async () => (await inspect(workspace)).models.map(({ boot }) => boot.state);
  expect(await states()).toEqual(['fresh', 'none']);
  await publish({ ...workspace, packed });
  expect(await states()).toEqual(['fresh', 'fresh']);
});

test('publishing again makes a boot file whole that was damaged', async () => {
  const workspace = await openWorkspace();
  const { packed } = await workspace.release();
  const before = await snapshotOf(workspace.repository);
  await writeFile(join(workspace.repository, bootPath('tiny')), '{}');
  expect((await inspect(workspace)).models[0]?.boot.state).toBe('stale');
  const again = await publish({ ...workspace, packed });
  expect(again).toMatchObject({ changed: false, filesWritten: 1 });
  expect(await snapshotOf(workspace.repository)).toEqual(before);
});
