import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseModelSpec } from '@nearside/core';
import { expect, test } from 'vitest';
import { readJsonFile } from '../packing/read-json-file.js';
import { DIGITS } from '../testing/hugging-face-folder.js';
import { temporaryDirectory } from '../testing/workspace.js';
import type { SourceModel } from './draft-spec.js';
import { asImageClassifier } from './image-classifier.js';
import { readSource } from './read-source.js';

const CATS: SourceModel = {
  title: 'cats',
  task: 'tensors',
  inputs: [{ name: 'picture', datatype: 'FP32', shape: [-1, 3, -1, -1] }],
  outputs: [{ name: 'scores', datatype: 'FP32', shape: [-1, 2] }],
  probabilities: new Set(['scores']),
  preprocessing: [],
  postprocessing: [],
  variants: [],
  weights: new Map(),
};

async function labelsIn(text: string): Promise<string> {
  const file = join(await temporaryDirectory(), 'labels.txt');
  await writeFile(file, text);
  return file;
}

test.each(['fp32/model.onnx', 'tfjs'])('%s gets the steps that models/digits has', async (path) => {
  const source = await readSource(join(DIGITS, path));
  if (source.kind === 'model-directory') throw new Error('expected a model to draft');
  const labels = await labelsIn('0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n');
  const { model } = await asImageClassifier(source.model, { labels });
  const digits = parseModelSpec(await readJsonFile(DIGITS, 'model.json'));
  for (const part of ['task', 'inputs', 'outputs', 'preprocessing', 'postprocessing'] as const) {
    expect(model[part], part).toEqual(digits[part]);
  }
});

test('a model in the layout of PyTorch takes pictures normalised as ImageNet, and probabilities stay', async () => {
  const labels = await labelsIn('["tabby", "siamese"]');
  const { model, assumed } = await asImageClassifier(CATS, { labels, size: 224 });
  expect(model.inputs[0]?.shape).toEqual([-1, 3, 224, 224]);
  expect(model.preprocessing.map(({ step }) => step)).toEqual([
    'decode-image',
    'resize',
    'rescale',
    'normalize',
    'to-tensor',
  ]);
  expect(model.preprocessing[3]).toMatchObject({ image_mean: [0.485, 0.456, 0.406] });
  expect(model.postprocessing).toEqual([
    { step: 'top-k', top_k: 5, id2label: { 0: 'tabby', 1: 'siamese' } },
  ]);
  expect(assumed).toContain('224 × 224 and normalised as ImageNet');
  expect(assumed).toContain('--range picture=');
});

test('a range says which numbers the bytes of a picture become', async () => {
  const labels = await labelsIn('{ "id2label": { "0": "tabby", "1": "siamese" } }');
  const draft = async (low: number, high: number) => {
    const ranges = { picture: [low, high] as const };
    const { model } = await asImageClassifier(CATS, { labels, size: 32, ranges });
    return model.preprocessing.slice(2, -1);
  };
  const rescale = { step: 'rescale', rescale_factor: 1 / 255 };
  expect(await draft(0, 255)).toEqual([]);
  expect(await draft(0, 1)).toEqual([rescale]);
  const each = [0.5, 0.5, 0.5];
  const normalize = { step: 'normalize', image_mean: each, image_std: each };
  expect(await draft(-1, 1)).toEqual([rescale, normalize]);
});

test.each([
  ['without labels', { size: 224 }, 'labels'],
  ['without a size where the input leaves it free', { labels: 'a\nb' }, 'the height of'],
  ['with a label too few', { labels: 'a', size: 224 }, 'one for each of the 2 values'],
  ['with labels that are no list', { labels: '{"a": 1}', size: 224 }, 'labels.txt'],
])(
  'is refused %s',
  async (_, { labels, ...options }: { labels?: string; size?: number }, message) => {
    const given = labels === undefined ? {} : { labels: await labelsIn(labels) };
    await expect(asImageClassifier(CATS, { ...options, ...given })).rejects.toThrow(message);
  },
);
