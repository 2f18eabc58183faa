import { copyFile, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseBaseline, parseGolden, parseModelSpec } from '@nearside/core';
import { describe, expect, test } from 'vitest';
import type { Evaluation } from '../evaluating/judging/evaluation.js';
import { writeEvaluation } from '../evaluating/report/write-evaluation.js';
import { listFiles } from '../files/list-files.js';
import { fixture } from '../testing/fixtures.js';
import { DIGITS, writeHuggingFaceFolder } from '../testing/hugging-face-folder.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { draft } from './draft.js';

const EVALUATION: Evaluation = {
  format: 1,
  model: 'affine',
  version: '1.0.0',
  task: 'tensors',
  maxLoss: 0.02,
  items: 2,
  itemsSha256: '',
  original: 'fp32',
  originalBytes: 9,
  originalSha256: '',
  originalMeasures: { items: 0 },
  variants: {},
  notEvaluated: {},
};

const FACES = fileURLToPath(
  import.meta.resolve('@mediapipe/face_detection/face_detection_short_range.tflite'),
);

async function prepare() {
  const directory = await temporaryDirectory();
  return { directory, out: join(directory, 'draft') };
}

async function readJson(...path: string[]): Promise<unknown> {
  return JSON.parse(await readFile(join(...path), 'utf8'));
}

async function contents(directory: string): Promise<Record<string, string>> {
  const names = (await listFiles(directory)) ?? [];
  const read = names.map(async (name) => [name, await readFile(join(directory, name), 'base64')]);
  return Object.fromEntries(await Promise.all(read));
}

describe('a model directory drafted from an ONNX file', () => {
  test('takes inputs, outputs and the type of the weights from the graph', async () => {
    const { out } = await prepare();
    expect(await draft({ source: fixture('affine.onnx'), out })).toEqual({
      directory: out,
      drafted: true,
      assumed: [],
    });
    expect(parseModelSpec(await readJson(out, 'model.json'))).toMatchObject({
      name: 'affine',
      version: '1.0.0',
      sequence: 1,
      task: 'tensors',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 3] }],
      variants: [{ name: 'fp32', runtime: 'onnx', dtype: 'fp32', files: ['onnx/affine.onnx'] }],
      batch: { axis: 0, max: 16 },
    });
  });

  test('is made of a TFLite file, which computes in floats of 32 bits whatever its weights are', async () => {
    const { out } = await prepare();
    const source = FACES;
    expect(await draft({ source, out })).toMatchObject({ drafted: true });
    expect(parseModelSpec(await readJson(out, 'model.json'))).toMatchObject({
      name: 'face-detection-short-range',
      inputs: [{ name: 'input', datatype: 'FP32', shape: [1, 128, 128, 3] }],
      variants: [{ name: 'fp32', dtype: 'fp32', files: ['onnx/face_detection_short_range.onnx'] }],
    });
  });

  test('names the TFLite file that is a part of one', async () => {
    const { directory, out } = await prepare();
    const source = join(directory, 'cut.tflite');
    await writeFile(source, (await readFile(FACES)).subarray(0, 1000));
    await expect(draft({ source, out })).rejects.toMatchObject({
      code: 'model-invalid',
      details: { file: source },
    });
  });

  test('needs the 16 MiB of a runtime, until pack has measured it', async () => {
    const { out } = await prepare();
    await draft({ source: fixture('affine.onnx'), out });
    const { limits } = parseModelSpec(await readJson(out, 'model.json'));
    expect(limits).toEqual({ memoryBytes: 16 * 1024 * 1024 });
  });

  test('has golden inputs without answers, an empty baseline and the script', async () => {
    const { out } = await prepare();
    await draft({ source: fixture('affine.onnx'), out });
    const { cases } = parseGolden(await readJson(out, 'golden.json'));
    expect(cases).toEqual([
      {
        name: 'random-1',
        inputs: { x: { datatype: 'FP32', shape: [1, 4], seed: 1 } },
        expected: {},
      },
      {
        name: 'random-3',
        inputs: { x: { datatype: 'FP32', shape: [3, 4], seed: 2 } },
        expected: {},
      },
    ]);
    const baseline = parseBaseline(await readJson(out, 'baseline.json'));
    expect(baseline).toEqual({ format: 2, n: 0, distributions: [] });
    expect(await listFiles(out)).toContain('reference/golden.py');
  });

  test('brings the files along in which the weights lie, under the names the model has', async () => {
    const { out } = await prepare();
    await draft({ source: fixture('external'), out, name: 'words', version: '2.1.0', sequence: 4 });
    const spec = parseModelSpec(await readJson(out, 'model.json'));
    expect(spec).toMatchObject({ name: 'words', version: '2.1.0', sequence: 4 });
    expect(spec.variants[0]?.files).toEqual(['onnx/model.onnx', 'onnx/model.onnx_data']);
    expect(spec.batch).toBeUndefined(); // texts of different lengths
    expect(await readFile(join(out, 'onnx/model.onnx_data'))).toEqual(
      await readFile(fixture('external/model.onnx_data')),
    );
    const [first] = parseGolden(await readJson(out, 'golden.json')).cases;
    expect(first?.inputs.tokens).toEqual({ datatype: 'INT64', shape: [1, 32], seed: 1 });
  });

  test('has golden inputs of the shapes and numbers that somebody gives', async () => {
    const { out } = await prepare();
    const source = fixture('external');
    await draft({ source, out, shapes: { tokens: [2, 7] }, ranges: { tokens: [0, 39] } });
    const [first] = parseGolden(await readJson(out, 'golden.json')).cases;
    expect(first?.inputs).toEqual({
      tokens: { datatype: 'INT64', shape: [2, 7], seed: 1, range: [0, 39] },
    });
  });

  test.each([
    ['an input that the model has not', { shapes: { ids: [1, 8] } }, "tokens; got 'ids'"],
    ['another number of axes', { shapes: { tokens: [8] } }, '[n, n]'],
    ['half a token', { ranges: { tokens: [0, 0.5] } }, 'whole numbers'],
  ] as const)('is refused for %s', async (_, options, message) => {
    const { out } = await prepare();
    const drafting = draft({ source: fixture('external'), out, name: 'words', ...options });
    await expect(drafting).rejects.toThrow(message);
    expect(await listFiles(out)).toBeUndefined();
  });

  test('runs batches of one and of three, whatever the shape says of the other axes, on numbers that have an end', async () => {
    const { out } = await prepare();
    await draft({ source: fixture('affine.onnx'), out, shapes: { x: [1, 4] } });
    const { cases } = parseGolden(await readJson(out, 'golden.json'));
    expect(cases.map(({ inputs }) => inputs.x?.shape)).toEqual([
      [1, 4],
      [3, 4],
    ]);
    const other = draft({ source: fixture('affine.onnx'), out, shapes: { x: [2, 4] } });
    await expect(other).rejects.toThrow('a first axis of 1');
    const endless = draft({ source: fixture('affine.onnx'), out, ranges: { x: [0, Infinity] } });
    await expect(endless).rejects.toThrow(
      'expected numbers for FP32, the lowest first, got 0 to Infinity',
    );
  });

  test('is refused without the file in which the weights lie', async () => {
    const { directory, out } = await prepare();
    await copyFile(fixture('external/model.onnx'), join(directory, 'model.onnx'));
    const drafting = draft({ source: join(directory, 'model.onnx'), out });
    await expect(drafting).rejects.toMatchObject({ code: 'file-missing' });
    expect(await listFiles(out)).toBeUndefined();
  });
});

test('a folder that holds no model is refused with what it holds instead, and so are other files, and none', async () => {
  const { directory, out } = await prepare();
  const refused = (got: string, source = directory) =>
    expect(draft({ source, out })).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringContaining(`got ${got}.`),
    });
  await refused('an empty directory');
  for (const name of 'abcde') await writeFile(join(directory, name), '');
  await refused('a directory of a, b, c, d and more');
  await refused('another file', join(directory, 'a'));
  await refused('nothing: there is no such file or folder', join(directory, 'a.onnx'));
  await writeFile(join(directory, 'nearside.json'), '{}');
  await refused('a sealed model: give what it was sealed from');
});

describe('a model directory drafted from a TensorFlow.js directory', () => {
  test('takes shapes from the layers and the type from the weights', async () => {
    const { out } = await prepare();
    await draft({ source: join(DIGITS, 'tfjs'), out, name: 'digits' });
    const spec = parseModelSpec(await readJson(out, 'model.json'));
    const digits = parseModelSpec(await readJson(DIGITS, 'model.json'));
    expect(spec.inputs).toEqual(digits.inputs);
    expect(spec.outputs).toEqual(digits.outputs);
    const drafted = spec.variants.map((variant) => ({
      ...variant,
      memoryBytes: expect.any(Number),
    }));
    expect(digits.variants.filter(({ runtime }) => runtime === 'tfjs')).toEqual(drafted);
  });

  test('takes inputs and outputs of a graph model from its signature', async () => {
    const { directory, out } = await prepare();
    const tensor = (dtype: string, ...sizes: string[]) => ({
      name: 'x:0',
      dtype,
      tensorShape: { dim: sizes.map((size) => ({ size })) },
    });
    const document = {
      format: 'graph-model',
      signature: {
        inputs: { image: tensor('DT_FLOAT', '-1', '8', '8', '3'), seed: tensor('DT_INT32') },
        outputs: { scores: tensor('DT_FLOAT', '-1', '5') },
      },
      modelTopology: { node: [] },
      weightsManifest: [
        { paths: ['a.bin'], weights: [{ name: 'w', dtype: 'float32', shape: [2] }] },
      ],
    };
    await writeFile(join(directory, 'model.json'), JSON.stringify(document));
    await writeFile(join(directory, 'a.bin'), new Uint8Array(8));
    await draft({ source: directory, out, name: 'graph' });
    expect(parseModelSpec(await readJson(out, 'model.json'))).toMatchObject({
      inputs: [
        { name: 'image', datatype: 'FP32', shape: [-1, 8, 8, 3] },
        { name: 'seed', datatype: 'INT32', shape: [] },
      ],
      outputs: [{ name: 'scores', datatype: 'FP32', shape: [-1, 5] }],
      variants: [
        { format: 'graph-model', dtype: 'fp32', files: ['tfjs/model.json', 'tfjs/a.bin'] },
      ],
    });
  });
});

describe('a model directory drafted from a Hugging Face folder', () => {
  test('has its preprocessing as steps, its labels, and the smaller variant first', async () => {
    const { directory, out } = await prepare();
    const source = await writeHuggingFaceFolder(join(directory, 'digits'));
    await draft({ source, out });
    const spec = parseModelSpec(await readJson(out, 'model.json'));
    const digits = parseModelSpec(await readJson(DIGITS, 'model.json'));
    for (const field of ['name', 'task', 'inputs', 'outputs'] as const) {
      expect(spec[field], field).toEqual(digits[field]);
    }
    expect(spec.preprocessing).toEqual(digits.preprocessing);
    expect(spec.postprocessing).toEqual(digits.postprocessing);
    expect(spec.variants.map(({ name, dtype, files }) => [name, dtype, ...files])).toEqual([
      ['q8', 'int8', 'onnx/model_quantized.onnx'],
      ['fp32', 'fp32', 'onnx/model.onnx'],
    ]);
  });

  test('is drafted as plain tensors when it is no image classifier', async () => {
    const { directory, out } = await prepare();
    const source = await writeHuggingFaceFolder(join(directory, 'digits'), {
      config: { architectures: ['BertModel'] },
    });
    await rm(join(source, 'preprocessor_config.json'));
    await draft({ source, out });
    expect(await readJson(out, 'model.json')).toMatchObject({
      task: 'tensors',
      preprocessing: [],
      postprocessing: [],
    });
  });

  test.each<[string, { config?: object; preprocessor?: object }]>([
    ['size', { preprocessor: { size: { shortest_edge: 28 } } }],
    ['size', { preprocessor: { size: { height: 32, width: 32 } } }],
    ['image_processor_type', { preprocessor: { image_processor_type: 'LevitImageProcessor' } }],
    ['crop_pct', { preprocessor: { crop_pct: 0.9 } }],
    ['do_resize', { preprocessor: { do_resize: false } }],
    ['do_center_crop', { preprocessor: { do_center_crop: true, crop_size: 24 } }],
    ['resample', { preprocessor: { resample: 4 } }],
    ['image_mean', { preprocessor: { do_normalize: true } }],
    ['pad_size', { preprocessor: { do_pad: true } }],
    ['do_flip_channel_order', { preprocessor: { do_flip_channel_order: true } }],
    ['problem_type', { config: { problem_type: 'multi_label_classification' } }],
    ['id2label', { config: { id2label: { 0: 'zero' } } }],
  ])('is refused by the field %s where there is no step for it', async (field, changes) => {
    const { directory, out } = await prepare();
    const source = await writeHuggingFaceFolder(join(directory, 'digits'), changes);
    const drafting = draft({ source, out });
    await expect(drafting).rejects.toMatchObject({ code: 'model-invalid', details: { field } });
    await expect(drafting).rejects.toThrow(field);
    expect(await listFiles(out)).toBeUndefined();
  });
});

describe('a draft', () => {
  test('is byte-identical for the same source', async () => {
    const { directory, out } = await prepare();
    const again = join(directory, 'again');
    await draft({ source: fixture('affine.onnx'), out });
    await draft({ source: fixture('affine.onnx'), out: again });
    expect(await contents(again)).toEqual(await contents(out));
  });

  test('made again keeps what was edited and filled in', async () => {
    const { out } = await prepare();
    await draft({ source: fixture('affine.onnx'), out });
    await writeFile(join(out, 'MODEL.md'), '# Mine');
    const before = await contents(out);
    await draft({ source: fixture('affine.onnx'), out });
    expect(await contents(out)).toEqual(before);
  });

  test('of another version replaces an unedited one, answers and all', async () => {
    const { out } = await prepare();
    await draft({ source: fixture('affine.onnx'), out });
    await writeFile(join(out, 'golden.json'), '{}');
    await draft({ source: fixture('affine.onnx'), out, version: '1.1.0', sequence: 2 });
    expect(await readJson(out, 'model.json')).toMatchObject({ version: '1.1.0', sequence: 2 });
    expect(parseGolden(await readJson(out, 'golden.json')).cases).toHaveLength(2);
  });

  test('of another version replaces one that was evaluated, evaluation and all', async () => {
    const { out } = await prepare();
    await draft({ source: fixture('affine.onnx'), out });
    const card = await readFile(join(out, 'MODEL.md'), 'utf8');
    for (const version of ['1.0.0', '1.0.1'])
      await writeEvaluation(out, { ...EVALUATION, version });
    const evaluated = await readFile(join(out, 'MODEL.md'), 'utf8');
    expect(evaluated.startsWith(`${card}\n<!-- evaluation`)).toBe(true);
    expect(evaluated.match(/<!-- evaluation/g)).toHaveLength(1);
    await draft({ source: fixture('affine.onnx'), out, version: '1.1.0' });
    expect(await readFile(join(out, 'MODEL.md'), 'utf8')).not.toContain('<!--');
    expect(await listFiles(out)).not.toContain('evaluation.json');
  });

  test('that was evaluated has one part of it in its card, whatever slices and items are called', async () => {
    const { out } = await prepare();
    await draft({ source: fixture('affine.onnx'), out });
    const name = 'x\n<!-- /evaluation -->\n# Fake | <script>\u001b[31m';
    const counts = { items: 2, lost: 1, gained: 0, loss: 0.5, low: 0, high: 1 };
    const lost = { ...counts, verdict: 'refused' } as const;
    const int8 = {
      ...lost,
      refusedFor: [`slice '${name}'`],
      sizeBytes: 1,
      sha256: '',
      differing: 1,
      lostItems: [name],
      measures: { items: 2, right: 1 },
      labels: {},
      slices: { [name]: lost },
      corruptions: { noise: { ...counts, verdict: 'undecided', saysNothing: true } as const },
    };
    for (let i = 0; i < 2; i += 1)
      await writeEvaluation(out, { ...EVALUATION, variants: { int8 } });
    const card = await readFile(join(out, 'MODEL.md'), 'utf8');
    expect(card.match(/<!-- (\/?)evaluation/g)).toHaveLength(2);
    expect(card).toContain('because `fp32` itself gets fewer than half right: noise.');
    expect(card).not.toMatch(/^# Fake|<script>/m);
    expect(card).not.toContain('\u001b');
    expect(card).toContain('\\# Fake \\| &lt;script&gt;');
  });

  test('of another version leaves an edited one alone', async () => {
    const { out } = await prepare();
    await draft({ source: fixture('affine.onnx'), out });
    await writeFile(join(out, 'MODEL.md'), '# Mine');
    const before = await contents(out);
    const drafting = draft({ source: fixture('affine.onnx'), out, version: '1.1.0' });
    await expect(drafting).rejects.toMatchObject({ code: 'output-exists' });
    expect(await contents(out)).toEqual(before);
  });

  test.each(['onnx', 'draft.json'])(
    'with a link in place of %s is not written to',
    async (name) => {
      const { directory, out } = await prepare();
      await draft({ source: fixture('affine.onnx'), out });
      const theirs = join(directory, 'theirs');
      await mkdir(theirs);
      await rename(join(out, name), join(theirs, name));
      await symlink(join(theirs, name), join(out, name));
      const before = await contents(theirs);
      const drafting = draft({ source: fixture('affine.onnx'), out, version: '1.1.0' });
      await expect(drafting).rejects.toMatchObject({ code: 'output-exists' });
      expect(await contents(theirs)).toEqual(before);
    },
  );

  test('left behind half written is written again', async () => {
    const { out } = await prepare();
    await draft({ source: fixture('affine.onnx'), out });
    const whole = await contents(out);
    await rm(join(out, 'onnx'), { recursive: true });
    await draft({ source: fixture('affine.onnx'), out });
    expect(await contents(out)).toEqual(whole);
  });

  test('never goes into a directory with other files', async () => {
    const { out } = await prepare();
    await mkdir(out);
    await writeFile(join(out, 'thesis.txt'), 'mine');
    const drafting = draft({ source: fixture('affine.onnx'), out });
    await expect(drafting).rejects.toMatchObject({ code: 'output-exists' });
    expect(await listFiles(out)).toEqual(['thesis.txt']);
  });
});

describe('a source', () => {
  test('that is a model directory needs no draft, and no other version', async () => {
    const { out } = await prepare();
    expect(await draft({ source: DIGITS, out })).toEqual({
      directory: DIGITS,
      drafted: false,
      assumed: [],
    });
    await expect(draft({ source: DIGITS, out, version: '9.0.0' })).rejects.toThrow(TypeError);
  });

  test.each([
    ['that is not there', async () => {}],
    ['with nothing known in it', async (source: string) => mkdir(source)],
    [
      'with two ONNX files',
      async (source: string) => {
        await mkdir(source);
        await copyFile(fixture('affine.onnx'), join(source, 'a.onnx'));
        await copyFile(fixture('affine.onnx'), join(source, 'b.onnx'));
      },
    ],
    [
      'whose ONNX file is none',
      async (source: string) => {
        await mkdir(source);
        await writeFile(join(source, 'a.onnx'), 'text');
      },
    ],
  ])('%s is refused', async (_, write) => {
    const { directory, out } = await prepare();
    const source = join(directory, 'source');
    await write(source);
    await expect(draft({ source, out })).rejects.toMatchObject({ code: 'model-invalid' });
  });
});
