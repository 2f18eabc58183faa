import { copyFile, cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ModelSpec, parseModelSpec } from '@nearside/core';
import { compilePipeline, STEPS_FILE } from '@nearside/pipeline';
import { describe, expect, test } from 'vitest';
import answers from '../../fixtures/bert-answers.json' with { type: 'json' };
import { draft } from '../library/draft.js';
import { fixture } from '../testing/fixtures.js';
import { editJson } from '../testing/model-to-pack.js';
import { temporaryDirectory } from '../testing/workspace.js';

async function draftOf(name: string, edit: (source: string) => Promise<unknown> = async () => {}) {
  const directory = await temporaryDirectory();
  const [source, out] = [join(directory, name), join(directory, 'draft')];
  await cp(fixture(name), source, { recursive: true });
  await edit(source);
  const { assumed } = await draft({ source, out });
  const spec = parseModelSpec(JSON.parse(await readFile(join(out, 'model.json'), 'utf8')));
  return { out, spec, assumed };
}

async function idsOf({ out, spec }: { out: string; spec: ModelSpec }, text: string) {
  const file = await readFile(join(out, 'tokenizer.json'));
  const resources = new Map([['tokenizer.json', new Uint8Array(file)]]);
  const flow = compilePipeline(spec, { resources, stepsFile: STEPS_FILE }).begin();
  const [item = {}] = (await flow.prepare(text)).items;
  const { input_ids, attention_mask } = item;
  const ids = Array.from(input_ids?.data ?? [], Number);
  return ids.filter((_, i) => Number(attention_mask?.data[i]) === 1);
}

const edited = (file: string, change: object) => (source: string) =>
  editJson(join(source, file), (document) => Object.assign(document, change));

describe('a text classifier drafted from a Hugging Face folder', () => {
  test('takes text, and gives the labels of config.json', async () => {
    const { spec, assumed } = await draftOf('bert');
    expect(spec).toMatchObject({
      task: 'text-classification',
      resources: { tokenizer: 'tokenizer.json' },
      preprocessing: [
        { step: 'decode-text' },
        { step: 'tokenize', tokenizer: 'tokenizer', max_length: 32 },
      ],
      postprocessing: [
        { step: 'softmax' },
        { step: 'combine-windows' },
        { step: 'top-k', top_k: 2, id2label: { 0: 'calm', 1: 'angry' } },
      ],
      batch: { axis: 0 },
    });
    expect(spec.limits.maxInputPixels).toBeUndefined();
    expect(assumed).toEqual([expect.stringContaining('more than 32 pieces')]);
  });

  test('gives each label a score of its own where several may hold', async () => {
    const change = { problem_type: 'multi_label_classification' };
    const { spec } = await draftOf('bert', edited('config.json', change));
    expect(spec.postprocessing[0]).toEqual({ step: 'sigmoid' });
  });

  test('has golden inputs that are ids of its vocabulary', async () => {
    const { out, spec } = await draftOf('bert');
    const { cases } = JSON.parse(await readFile(join(out, 'golden.json'), 'utf8'));
    const { vocab_size } = spec.preprocessing[1] as unknown as { vocab_size: number };
    expect(cases[0].inputs).toMatchObject({
      input_ids: { range: [0, vocab_size - 1] },
      attention_mask: { range: [0, 1] },
      token_type_ids: { range: [0, 0] },
    });
  });

  test.each(answers)('gives the ids of the Rust library for $text', async ({ text, ids }) => {
    expect(await idsOf(await draftOf('bert'), text)).toEqual(ids);
  });
});

describe('a sentence embedder drafted from a folder of sentence-transformers', () => {
  test('pools and normalises as its modules say', async () => {
    const { spec } = await draftOf('sentences');
    expect(spec.task).toBe('feature-extraction');
    expect(spec.postprocessing).toEqual([
      { step: 'pool', pooling_mode: 'mean' },
      { step: 'combine-windows', combine: 'mean' },
      { step: 'l2-normalize' },
      { step: 'embedding' },
    ]);
  });

  test.each<[string, (source: string) => Promise<unknown>, RegExp]>([
    [
      'a module without a step',
      (source) =>
        writeFile(
          join(source, 'modules.json'),
          JSON.stringify([{ path: '', type: 'sentence_transformers.models.Dense' }]),
        ),
      /expected Transformer, Pooling and Normalize, got .*Dense/,
    ],
    [
      'another pooling',
      edited('1_Pooling/config.json', { pooling_mode_max_tokens: true }),
      /got pooling_mode_mean_tokens, pooling_mode_max_tokens/,
    ],
    ['text in lower case', edited('sentence_bert_config.json', { do_lower_case: true }), /lower/],
    ['no number of pieces', edited('config.json', { vocab_size: null }), /vocab_size: expected/],
    [
      'one vector alone',
      (source) => copyFile(fixture('bert/onnx/model.onnx'), join(source, 'onnx/model.onnx')),
      /vectors of pieces, \[n, pieces, width\], got logits/,
    ],
    ['no tokenizer', (source) => rm(join(source, 'tokenizer.json')), /tokenizer\.json/],
  ])('is refused for %s', async (_, edit, message) => {
    await expect(draftOf('sentences', edit)).rejects.toThrow(message);
  });
});
