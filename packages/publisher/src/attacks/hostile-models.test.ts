import { execFileSync } from 'node:child_process';
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listFiles } from '../files/list-files.js';
import { draft } from '../library/draft.js';
import { pack } from '../library/pack.js';
import { bytesField, intField } from '../packing/protobuf-fields.js';
import { DIGITS, writeHuggingFaceFolder } from '../testing/hugging-face-folder.js';
import { externalInitializer, nestedGraphs, onnxBytes, value } from '../testing/onnx-bytes.js';
import { temporaryDirectory } from '../testing/workspace.js';

async function prepare() {
  const directory = await temporaryDirectory();
  const at = (name: string) => join(directory, name);
  await writeFile(at('secret.txt'), 'a key');
  return { at, out: at('out') };
}

/** models/digits, where one file is replaced. */
async function digitsWith(name: string, replace: (path: string) => unknown) {
  const { at, out } = await prepare();
  await cp(DIGITS, at('model'), { recursive: true });
  await rm(at(`model/${name}`));
  await replace(at(`model/${name}`));
  return { modelDirectory: at('model'), out, at };
}

describe('a file of whoever packs never gets into a packed model', () => {
  test.each(['MODEL.md', 'model.json', 'golden.json', 'int8/model.onnx', 'tfjs/weights.bin'])(
    'by a link for %s',
    async (name) => {
      const { modelDirectory, out } = await digitsWith(name, (path) =>
        symlink('/etc/passwd', path),
      );
      await expect(pack({ modelDirectory, out })).rejects.toMatchObject({ code: 'name-unsafe' });
      expect(await listFiles(out)).toBeUndefined();
    },
  );

  test('by a link for a folder of the model', async () => {
    const { at, out } = await prepare();
    await cp(DIGITS, at('model'), { recursive: true });
    await cp(at('model/int8'), at('elsewhere'), { recursive: true });
    await rm(at('model/int8'), { recursive: true });
    await symlink(at('elsewhere'), at('model/int8'));
    const packing = pack({ modelDirectory: at('model'), out });
    await expect(packing).rejects.toMatchObject({ code: 'name-unsafe' });
  });

  test.each(['/etc/passwd', '../secret.txt', 'a/../../secret.txt', 'link.bin'])(
    'by weights that an ONNX file says are in %s',
    async (location) => {
      const { at, out } = await prepare();
      await mkdir(at('source'));
      await symlink(at('secret.txt'), at('source/link.bin'));
      await writeFile(at('source/model.onnx'), onnxBytes(externalInitializer(location)));
      for (const source of [at('source'), at('source/model.onnx')]) {
        await expect(draft({ source, out })).rejects.toMatchObject({ code: 'name-unsafe' });
      }
      expect(await listFiles(out)).toBeUndefined();
    },
  );

  test.each(['/etc/passwd', '../secret.txt', 'link.bin'])(
    'by weights that a TensorFlow.js model says are in %s',
    async (path) => {
      const { at, out } = await prepare();
      await mkdir(at('source'));
      await symlink(at('secret.txt'), at('source/link.bin'));
      const x = { name: 'x', dtype: 'DT_FLOAT', tensorShape: { dim: [{ size: '1' }] } };
      const document = {
        format: 'graph-model',
        signature: { inputs: { x }, outputs: { y: x } },
        weightsManifest: [{ paths: [path], weights: [] }],
      };
      await writeFile(at('source/model.json'), JSON.stringify(document));
      const drafting = draft({ source: at('source'), out });
      await expect(drafting).rejects.toMatchObject({ code: 'name-unsafe' });
    },
  );
});

test('a snapshot of a Hugging Face cache is read through the links to its blobs, and no others', async () => {
  const { at } = await prepare();
  const files = await writeHuggingFaceFolder(at('files'));
  const snapshot = at('models--a--digits/snapshots/0123abc');
  await mkdir(join(snapshot, 'onnx'), { recursive: true });
  await mkdir(at('models--a--digits/blobs'));
  for (const [i, name] of ((await listFiles(files)) ?? []).entries()) {
    await cp(join(files, name), at(`models--a--digits/blobs/${i}`));
    const up = name.includes('/') ? '../../..' : '../..';
    await symlink(`${up}/blobs/${i}`, join(snapshot, name));
  }
  const drafted = await draft({ source: snapshot, out: at('draft'), name: 'digits' });
  expect(drafted.drafted).toBe(true);

  await rm(join(snapshot, 'config.json'));
  await symlink(at('secret.txt'), join(snapshot, 'config.json'));
  const again = draft({ source: snapshot, out: at('again') });
  await expect(again).rejects.toMatchObject({ code: 'name-unsafe' });
});

test.each(['model.json', 'MODEL.md', 'int8/model.onnx'])(
  'a FIFO for %s is refused, and nobody waits for it',
  async (name) => {
    const { modelDirectory, out } = await digitsWith(name, (path) => {
      execFileSync('mkfifo', [path]);
    });
    await expect(pack({ modelDirectory, out })).rejects.toMatchObject({ code: 'file-missing' });
  },
);

test('a FIFO beside nothing else is refused as a source too', async () => {
  const { at, out } = await prepare();
  await mkdir(at('source'));
  execFileSync('mkfifo', [at('source/model.onnx')]);
  const drafting = draft({ source: at('source'), out });
  await expect(drafting).rejects.toMatchObject({ code: 'file-missing' });
});

describe('a tensor with the name of what every object has', () => {
  test.each([
    ['__proto__', 'input', 11, 'inputs.1.name'],
    ['prototype', 'input', 11, 'inputs.1.name'],
    ['constructor', 'output', 12, 'outputs.1.name'],
  ])('is refused where golden cases would lack it: %s, an %s', async (name, _, field, path) => {
    const { at, out } = await prepare();
    await writeFile(at('model.onnx'), onnxBytes(bytesField(field, value(name, [1, 4]))));
    const drafting = draft({ source: at('model.onnx'), out });
    await expect(drafting).rejects.toMatchObject({
      code: 'metadata-malformed',
      message: expect.stringContaining(`${path}: expected another name than __proto__,`),
    });
  });

  test('is drafted like any other where they have it', async () => {
    const { at, out } = await prepare();
    await writeFile(at('model.onnx'), onnxBytes(bytesField(11, value('toString', [1, 4]))));
    await draft({ source: at('model.onnx'), out });
    const { cases } = JSON.parse(await readFile(join(out, 'golden.json'), 'utf8'));
    expect(cases[0].inputs.toString).toMatchObject({ shape: [1, 4] });
  });
});

const initializer = (...fields: Uint8Array[]) => bytesField(5, Buffer.concat(fields));
const scalar = initializer(intField(1, 1), intField(2, 1), bytesField(8, 'w'));
/** More than a call takes as arguments. */
const branch = bytesField(5, bytesField(6, Buffer.concat(Array(150_000).fill(scalar))));

describe('an ONNX file made to exhaust its reader', () => {
  const dims = Buffer.alloc(1e6, 1);
  test.each([
    ['graphs inside each other', onnxBytes(nestedGraphs(60_000))],
    ['a million axes', onnxBytes(initializer(bytesField(1, dims), bytesField(8, 'w')))],
    ['an input of a million axes', onnxBytes(bytesField(11, value('z', [...dims])))],
    ['an input of gigabytes', onnxBytes(bytesField(11, value('z', [1, 750_000_000])))],
    ['an input beyond numbers', onnxBytes(bytesField(11, value('z', [2e15, 2e15])))],
  ])('is refused as a source: %s', async (_, bytes) => {
    const { at, out } = await prepare();
    await writeFile(at('model.onnx'), bytes);
    const drafting = draft({ source: at('model.onnx'), out });
    await expect(drafting).rejects.toMatchObject({ code: 'model-invalid' });
  });

  test.each([
    ['graphs inside each other', onnxBytes(nestedGraphs(60_000))],
    ['a million axes', onnxBytes(initializer(bytesField(1, dims), bytesField(8, 'w')))],
    ['150,000 tensors in a branch', onnxBytes(bytesField(1, branch))],
  ])('is cut into chunks all the same, or at fixed places: %s', async (_, bytes) => {
    const { modelDirectory, out } = await digitsWith('int8/model.onnx', (path) =>
      writeFile(path, bytes),
    );
    const { files } = await pack({ modelDirectory, out });
    expect(files.find(({ name }) => name === 'int8/model.onnx')?.sizeBytes).toBe(bytes.length);
  });
});
