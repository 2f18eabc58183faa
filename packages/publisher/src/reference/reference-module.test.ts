import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ModelSpec, parseModelSpec } from '@nearside/core';
import { describe, expect, test } from 'vitest';
import { listFiles } from '../files/list-files.js';
import { DIGITS } from '../testing/hugging-face-folder.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { writeReferenceModule } from './reference-module.js';
import { typesOfSpec } from './reference-types.js';

const MODELS = join(DIGITS, '..');
const reference = { url: 'models/digits', integrity: 'sha256-7w=' };

async function specOf(model: string): Promise<ModelSpec> {
  return parseModelSpec(JSON.parse(await readFile(join(MODELS, model, 'model.json'), 'utf8')));
}

/** A spec whose callers give and get tensors. */
async function tensorSpec(changes: object): Promise<ModelSpec> {
  const spec = await specOf('digits');
  return { ...spec, task: 'tensors', preprocessing: [], postprocessing: [], ...changes };
}

describe('types come from model.json', () => {
  test('labels of a classifier of pictures', async () => {
    expect(typesOfSpec(await specOf('digits'))).toEqual({
      input: 'ImageInput',
      output: "readonly LabelScore<'0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9'>[]",
      imports: ['ImageInput', 'LabelScore'],
    });
  });

  test('features: names, categories, and which may be left out', async () => {
    const spec = await specOf('breast-cancer');
    const features: ModelSpec['features'] = [
      { name: 'mean radius', type: 'number' },
      { name: 'Island', type: 'category', categories: ["Dream's", 'B\\'] },
      { name: 'adult', type: 'boolean', default: true },
    ];
    const { input, output, imports } = typesOfSpec({ ...spec, features });
    expect(input).toBe(
      "{\n    readonly 'mean radius': number | null;\n" +
        "    readonly Island: 'Dream\\'s' | 'B\\\\' | null;\n" +
        '    readonly adult?: boolean | null;\n  }',
    );
    expect(output).toBe("readonly LabelScore<'benign' | 'malignant'>[]");
    expect(imports).toEqual(['LabelScore']);
  });

  test.each([
    ['voice', 'SoundInput', 'FoundSound'],
    ['ocr', 'ImageInput', 'readonly TextLine[]'],
  ])('a task’s own: %s', async (model, input, output) => {
    expect(typesOfSpec(await specOf(model))).toMatchObject({ input, output });
  });

  test('the vector of a text', async () => {
    const preprocessing = [{ step: 'decode-text' }, { step: 'tokenize' }];
    const spec = await tensorSpec({
      task: 'feature-extraction',
      preprocessing,
      postprocessing: [{ step: 'embedding' }],
    });
    expect(typesOfSpec(spec)).toEqual({
      input: 'TextInput',
      output: 'Float32Array',
      imports: ['TextInput'],
    });
  });

  test('tensors by name and datatype, without state, and optional where the spec has a value', async () => {
    const spec = await tensorSpec({
      inputs: [
        { name: 'ids', datatype: 'INT64', shape: [-1, 8] },
        { name: 'rate', datatype: 'INT64', shape: [], value: 16_000 },
        { name: 'state', datatype: 'FP32', shape: [2] },
      ],
      outputs: [
        { name: 'last-hidden', datatype: 'FP32', shape: [-1, 2] },
        { name: 'stateN', datatype: 'FP32', shape: [2] },
      ],
      state: [{ input: 'state', output: 'stateN' }],
    });
    expect(typesOfSpec(spec)).toEqual({
      input:
        "{ readonly tensors: { readonly ids: Tensor<'INT64'>; " +
        "readonly rate?: Tensor<'INT64'> } }",
      output: "{ readonly tensors: { readonly 'last-hidden': Tensor<'FP32'> } }",
      imports: ['Tensor'],
    });
  });

  test('a task of the app’s own takes and gives anything', async () => {
    const types = typesOfSpec(await tensorSpec({ task: 'pose' }));
    expect(types).toEqual({ input: 'unknown', output: 'unknown', imports: [] });
  });
});

test('a TypeScript module exports the address, the hash and the types', async () => {
  const directory = await temporaryDirectory();
  const file = join(directory, 'src/digits.model.ts');
  const spec = await specOf('digits');
  await writeReferenceModule(file, { spec, reference });
  expect(await readFile(file, 'utf8')).toBe(`// Written by nearside: it changes with the model.
import type { ImageInput, LabelScore, ModelReference } from 'nearside';

export const digits: ModelReference<
  ImageInput,
  readonly LabelScore<'0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9'>[]
> = {
  url: 'models/digits',
  integrity: 'sha256-7w=',
  task: 'image-classification',
};
`);
  const { mtimeMs } = await stat(file);
  await writeReferenceModule(file, { spec, reference });
  expect((await stat(file)).mtimeMs).toBe(mtimeMs);
});

test('a JavaScript module runs as it is, and has its types beside it', async () => {
  const directory = await temporaryDirectory();
  const file = join(directory, 'digits.mjs');
  const pinned = { url: 'https://cdn.example/it’s', trust: "sha256-'" };
  await writeReferenceModule(file, { spec: await specOf('digits'), reference: pinned });
  expect(await listFiles(directory)).toEqual(['digits.d.mts', 'digits.mjs']);
  const written: { digits: object } = await import(/* @vite-ignore */ file);
  expect(written.digits).toEqual({ ...pinned, task: 'image-classification' });
  expect(await readFile(join(directory, 'digits.d.mts'), 'utf8')).toContain(
    'export declare const digits: ModelReference<\n  ImageInput,',
  );
});

test.each([
  ['my-3d--model', 'my3dModel'],
  ['3d', 'model3d'],
  ['new', 'newModel'],
])('the model %s is exported as %s', async (name, expected) => {
  const file = join(await temporaryDirectory(), 'a.ts');
  await writeReferenceModule(file, { spec: await tensorSpec({ name }), reference });
  expect(await readFile(file, 'utf8')).toContain(`export const ${expected}: `);
});

test('a file that somebody wrote is not replaced, and another ending is a TypeError', async () => {
  const directory = await temporaryDirectory();
  const spec = await specOf('digits');
  await writeFile(join(directory, 'main.d.ts'), 'mine');
  await expect(
    writeReferenceModule(join(directory, 'main.js'), { spec, reference }),
  ).rejects.toMatchObject({ code: 'output-exists' });
  for (const name of ['digits.json', 'digits.d.ts', 'digits']) {
    await expect(writeReferenceModule(join(directory, name), { spec, reference })).rejects.toThrow(
      TypeError,
    );
  }
  expect(await listFiles(directory)).toEqual(['main.d.ts']);
});
