import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  chunkPath,
  LAYOUT_FILE,
  parseVersionLayout,
  readIntegrity,
  readSeal,
  verifyChunkBody,
} from '@nearside/artifact';
import type { Variant } from '@nearside/core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { weighVariant } from '../evaluating/judging/variant-files.js';
import { listFiles } from '../files/list-files.js';
import { readModelDirectory } from '../packing/model-directory.js';
import { sealedAddress } from '../sealing/sealed-address.js';
import { DIGITS } from '../testing/hugging-face-folder.js';
import { editJson } from '../testing/model-to-pack.js';
import { snapshotOf } from '../testing/snapshot.js';
import { noise, type SyntheticModel, writeSyntheticModel } from '../testing/synthetic-model.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { seal } from './seal.js';

afterEach(() => vi.unstubAllEnvs());

/** Seals a synthetic model at `public/models/tiny`. */
async function sealTiny(model: SyntheticModel = {}, given?: string) {
  const directory = given ?? (await temporaryDirectory());
  const modelDirectory = await writeSyntheticModel(join(directory, 'model'), model);
  const out = join(directory, 'public/models/tiny');
  const options = { modelDirectory, out, onnxRuntime: 'full' } as const;
  return { directory, modelDirectory, out, options, sealed: await seal(options) };
}

async function readSealed(directory: string, integrity: string, model: string) {
  const sha256 = readIntegrity(integrity) as string;
  const bytes = await readFile(join(directory, 'seals', `${sha256}.json`));
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
  return readSeal(bytes, { sha256, model });
}

async function readIndex(directory: string) {
  return JSON.parse(await readFile(join(directory, 'nearside.json'), 'utf8'));
}

test('sealed digits lead from one hash to every byte of the model', async () => {
  const out = join(await temporaryDirectory(), 'public/models/digits');
  const sealed = await seal({ modelDirectory: DIGITS, out, onnxRuntime: 'common' });
  expect(sealed.open).toBe(`open('models/digits', { integrity: '${sealed.integrity}' })`);
  const { manifest, requires, isCommon } = await readSealed(out, sealed.integrity, 'digits');
  expect(requires.runtime).toEqual(['onnx', 'tfjs']);
  expect(isCommon).toBe(true);
  const layoutSha256 = manifest.files.get(LAYOUT_FILE) as string;
  const layoutBytes = await readFile(join(out, chunkPath(layoutSha256, { gzip: false })));
  const layout = parseVersionLayout(layoutBytes);
  for (const name of (await readModelDirectory(DIGITS)).files) {
    const hash = createHash('sha256');
    for (const [sha256, sizeBytes, gzipBytes] of layout.files[name] ?? []) {
      const stored = await readFile(
        join(out, chunkPath(sha256, { gzip: gzipBytes !== undefined })),
      );
      const chunk = { sha256, sizeBytes, gzipBytes, what: name };
      hash.update(await verifyChunkBody(new Uint8Array(stored), chunk));
    }
    expect(hash.digest('hex'), name).toBe(manifest.files.get(name));
  }
});

test('a model that was evaluated has the same hash, and is sealed again as it is', async () => {
  const { modelDirectory, options, sealed } = await sealTiny();
  const card = join(modelDirectory, 'MODEL.md');
  const part =
    '<!-- evaluation: written by nearside, and anew each time -->\n\n- It passed.\n\n<!-- /evaluation -->';
  await writeFile(card, `${await readFile(card, 'utf8')}\n${part}\n`);
  const [variant] = (await readModelDirectory(modelDirectory)).spec.variants as [Variant];
  const { sha256 } = await weighVariant(modelDirectory, variant.name);
  const evaluation = { original: variant.name, originalSha256: sha256, variants: {} };
  await writeFile(join(modelDirectory, 'evaluation.json'), JSON.stringify(evaluation));
  const again = await seal(options);
  expect(again.integrity).toBe(sealed.integrity);
  expect(again.changed).toBe(false);
});

test('a seal holds the small files that devices read before the weights, verified by their own hash', async () => {
  const { out, sealed } = await sealTiny();
  const { manifest, inline } = await readSealed(out, sealed.integrity, 'tiny');
  for (const [sha256, bytes] of inline) {
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
  }
  const first = [LAYOUT_FILE, 'model.json', 'golden.json', 'baseline.json', 'golden/one.x.bin'];
  expect(first.filter((name) => !inline.has(manifest.files.get(name) ?? ''))).toEqual([]);
  expect(inline.has(manifest.files.get('onnx/model.onnx') as string)).toBe(false);
});

test('a tensor that would make the seal larger than a first answer stays a chunk', async () => {
  const directory = await temporaryDirectory();
  const modelDirectory = await writeSyntheticModel(join(directory, 'model'), {
    weightBytes: 3_000_000,
  });
  const large = 'golden/large.x.bin';
  const numbers = Float32Array.from(noise(8000, 3), (byte, i) => byte / (i + 1));
  await writeFile(join(modelDirectory, large), numbers);
  await editJson(join(modelDirectory, 'golden.json'), ({ cases }) => {
    cases[0].inputs.x = { datatype: 'FP32', shape: [2000, 4], file: large };
    const y = { datatype: 'FP32', shape: [2000, 2], file: 'golden/large.y.bin' };
    cases[0].expected = { onnx: { y }, tfjs: { y } };
  });
  await writeFile(join(modelDirectory, 'golden/large.y.bin'), numbers.subarray(4000));
  const out = join(directory, 'tiny');
  const { integrity } = await seal({ modelDirectory, out, onnxRuntime: 'full' });
  const { manifest, inline } = await readSealed(out, integrity, 'tiny');
  expect(inline.has(manifest.files.get(large) as string)).toBe(false);
  expect(inline.has(manifest.files.get('baseline.json') as string)).toBe(true);
});

test('the same model gives the same bytes in another folder and time zone', async () => {
  vi.stubEnv('TZ', 'Pacific/Kiritimati');
  const first = await sealTiny();
  vi.stubEnv('TZ', 'America/Anchorage');
  const elsewhere = join(await temporaryDirectory(), 'a longer way');
  await cp(first.modelDirectory, join(elsewhere, 'copy'), { recursive: true });
  const out = join(elsewhere, 'tiny');
  const second = await seal({ ...first.options, modelDirectory: join(elsewhere, 'copy'), out });
  expect(second.integrity).toBe(first.sealed.integrity);
  expect(await snapshotOf(out)).toEqual(await snapshotOf(first.out));
});

test('sealed again it is unchanged; what is sealed last is the latest, whatever its version', async () => {
  const { out, sealed, modelDirectory, options } = await sealTiny();
  const again = await seal(options);
  expect(again).toMatchObject({ changed: false, filesWritten: 0, integrity: sealed.integrity });
  await editJson(join(modelDirectory, 'model.json'), (spec) => {
    spec.version = '0.9.0';
  });
  const older = await seal(options);
  expect((await readIndex(out)).latest).toBe(older.integrity);
});

test('a module has the address and the hash, and is not written where sealing is refused', async () => {
  const { directory, options } = await sealTiny();
  const module = join(directory, 'src/tiny.model.ts');
  const { integrity } = await seal({ ...options, url: '/m/tiny', module });
  const text = await readFile(module, 'utf8');
  expect(text).toContain(`url: '/m/tiny',\n  integrity: '${integrity}',\n  task: 'tensors',`);
  const refused = join(directory, 'src/refused.json');
  await expect(seal({ ...options, module: refused })).rejects.toThrow(/`module`/);
  const within = join(options.out, 'tiny.model.ts');
  await expect(seal({ ...options, module: within })).rejects.toThrow(/`module` outside/);
  expect(await listFiles(join(directory, 'src'))).toEqual(['tiny.model.ts']);
});

test('sealing again adds a version, and `prune` leaves the newest', async () => {
  const { directory, out, sealed, options } = await sealTiny();
  const second = await sealTiny({ version: '1.1.0', seed: 2 }, directory);
  const seals = [
    { version: '1.0.0', integrity: sealed.integrity },
    { version: '1.1.0', integrity: second.sealed.integrity },
  ];
  expect(await readIndex(out)).toEqual({ format: 1, latest: second.sealed.integrity, seals });
  await readSealed(out, sealed.integrity, 'tiny');
  const { chunksWritten, chunks } = second.sealed;
  expect(chunksWritten).toBeLessThan(chunks);

  await writeFile(join(out, '.gitignore'), '*');
  await writeFile(join(out, `chunks/.${'a'.repeat(64)}.0123456789ab`), 'of a killed process');
  const pruned = await seal({ ...options, prune: true });
  expect(pruned).toMatchObject({ changed: false, filesRemoved: expect.any(Number) });
  expect(await readIndex(out)).toEqual({
    format: 1,
    latest: seals[1]?.integrity,
    seals: [seals[1]],
  });
  const alone = await sealTiny({ version: '1.1.0', seed: 2 });
  const kept = await listFiles(out);
  expect(kept).toEqual(['.gitignore', ...((await listFiles(alone.out)) ?? [])]);
});

test('a chunk or seal that was damaged on disk is written again', async () => {
  const { out, options } = await sealTiny();
  const whole = await snapshotOf(out);
  for (const name of whole.keys()) await writeFile(join(out, name), 'damaged');
  await seal(options);
  expect(await snapshotOf(out)).toEqual(whole);
});

describe('refused, and nothing is changed', () => {
  test.each([
    ['a file of somebody', 'index.html'],
    ['a repository', 'metadata/1.root.json'],
    ['keys', 'keys/root.pem'],
  ])('%s in the folder: output-exists', async (_what, name) => {
    const { out, options } = await sealTiny();
    await mkdir(join(out, name, '..'), { recursive: true });
    await writeFile(join(out, name), 'mine');
    const before = await snapshotOf(out);
    await expect(seal(options)).rejects.toMatchObject({
      code: 'output-exists',
      message: expect.stringContaining(name),
    });
    expect(await snapshotOf(out)).toEqual(before);
  });

  test('the same version with other bytes: version-conflict, which names the sealed one', async () => {
    const { out, sealed, options, modelDirectory } = await sealTiny();
    const before = await snapshotOf(out);
    await writeFile(join(modelDirectory, 'MODEL.md'), '# other\n');
    await expect(seal(options)).rejects.toMatchObject({
      code: 'version-conflict',
      message: expect.stringContaining(sealed.integrity),
    });
    expect(await snapshotOf(out)).toEqual(before);
  });

  test('another model in the folder: output-exists', async () => {
    const { directory, out } = await sealTiny();
    const modelDirectory = await writeSyntheticModel(join(directory, 'other'), { name: 'other' });
    const url = 'https://cdn.example/other';
    await expect(seal({ modelDirectory, out, url, onnxRuntime: 'full' })).rejects.toMatchObject({
      code: 'output-exists',
      message: expect.stringContaining("'tiny'"),
    });
  });

  test('a folder whose name is not the model’s: a TypeError that names the option', async () => {
    const { directory, options } = await sealTiny();
    const out = join(directory, 'public/elsewhere');
    await expect(seal({ ...options, out })).rejects.toThrow(/`out` to end in 'tiny'/);
    await expect(seal({ ...options, url: '/models/tine/' })).rejects.toThrow(
      /`url` to end in 'tiny'/,
    );
    expect(await listFiles(out)).toBeUndefined();
  });
});

test('the line that opens a model holds with any address', async () => {
  const { options } = await sealTiny();
  const { open } = await seal({ ...options, url: "https://cdn.example/it's/tiny" });
  expect(open).toContain("open('https://cdn.example/it\\'s/tiny', {");
});

test.each([
  [undefined, '/home/me/app/public/models/tiny', 'models/tiny'],
  [undefined, 'static/it’s/tiny/', 'static/it%E2%80%99s/tiny'],
  [undefined, '../elsewhere/tiny', 'tiny'],
  ['https://cdn.example/m/tiny/', 'public/tiny', 'https://cdn.example/m/tiny'],
])('with the address %s, the folder %s is at %s', (url, out, expected) => {
  expect(sealedAddress({ out, url, model: 'tiny' })).toBe(expected);
});
