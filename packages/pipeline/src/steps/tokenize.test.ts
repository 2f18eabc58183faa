import { type ModelSpec, parseModelSpec, type Tensor } from '@nearside/core';
import { describe, expect, test } from 'vitest';
import { UNIGRAM, WORD_PIECE } from '../../fixtures/tokenizers.js';
import { compilePipeline } from '../pipeline.js';
import { STEPS_FILE } from '../steps-file.js';

const INT64 = { datatype: 'INT64', shape: [-1, -1] } as const;
const INPUTS = ['input_ids', 'attention_mask', 'token_type_ids'].map((name) => ({
  name,
  ...INT64,
}));
const SIZE = Object.keys(WORD_PIECE.model.vocab).length;

interface Differing {
  readonly inputs?: readonly object[];
  readonly tokenize?: object;
  readonly file?: string;
  readonly decode?: object;
}

function pipelineOf({ inputs = INPUTS, tokenize, file, decode }: Differing = {}) {
  const spec: ModelSpec = parseModelSpec({
    format: 1,
    name: 'classifier',
    version: '1.0.0',
    sequence: 1,
    task: 'text-classification',
    inputs,
    outputs: [{ name: 'logits', datatype: 'FP32', shape: [-1, 2] }],
    resources: { words: 'tokenizer.json' },
    preprocessing: [
      { step: 'decode-text', ...decode },
      { step: 'tokenize', tokenizer: 'words', vocab_size: SIZE, max_length: 64, ...tokenize },
    ],
    postprocessing: [
      { step: 'softmax' },
      { step: 'combine-windows' },
      { step: 'top-k', top_k: 2, id2label: { 0: 'no', 1: 'yes' } },
    ],
    variants: [{ name: 'fp32', runtime: 'onnx', dtype: 'fp32', files: ['m.onnx'] }],
    limits: { memoryBytes: 1_000_000 },
  });
  const text = file ?? JSON.stringify(WORD_PIECE);
  const resources = new Map([['tokenizer.json', new TextEncoder().encode(text)]]);
  return compilePipeline(spec, { resources, stepsFile: STEPS_FILE });
}

async function itemsOf(input: unknown, differing?: Differing) {
  const { items } = await pipelineOf(differing).begin().prepare(input);
  return items.map((tensors) =>
    Object.fromEntries(
      Object.entries(tensors).map(([name, { data }]) => [name, Array.from(data, Number)]),
    ),
  );
}

const withIds = (ids: object) => ({
  ...WORD_PIECE,
  model: { ...WORD_PIECE.model, vocab: { ...WORD_PIECE.model.vocab, ...ids } },
});

const { '[CLS]': _, ...noCls } = WORD_PIECE.model.vocab as Record<string, number>;

const withVocabulary = (vocab: object) => ({
  ...WORD_PIECE,
  added_tokens: [],
  model: { ...WORD_PIECE.model, vocab },
});

const words = (count: number) => Array.from({ length: count }, () => 'the').join(' ');

describe('text becomes all inputs of the model', () => {
  test('ids, a mask and types, filled up to a multiple of 16', async () => {
    const [item] = await itemsOf('the world');
    const { vocab } = WORD_PIECE.model;
    const { the, world } = vocab as { the: number; world: number };
    const zeros = (count: number) => Array.from({ length: count }, () => 0);
    expect(item).toEqual({
      input_ids: [2, the, world, 3, ...zeros(12)],
      attention_mask: [1, 1, 1, 1, ...zeros(12)],
      token_type_ids: zeros(16),
    });
  });

  test('in the order and the datatype of the model, or to the length that it has', async () => {
    const shape = [-1, 40];
    const inputs = [
      { name: 'mask', datatype: 'INT32', shape },
      { name: 'ids', datatype: 'INT64', shape },
    ];
    const flow = pipelineOf({ inputs, tokenize: { max_length: 40 } }).begin();
    const [item = {}] = (await flow.prepare('hello')).items;
    expect(Object.keys(item)).toEqual(['mask', 'ids']);
    expect((item.mask as Tensor).data).toBeInstanceOf(Int32Array);
    expect(item.ids?.shape).toEqual([1, 40]);
  });

  test('and is not filled up where no mask tells the model so', async () => {
    expect(await itemsOf('the the', { inputs: INPUTS.slice(0, 1) })).toMatchObject([
      { input_ids: { length: 4 } },
    ]);
  });

  test('from a file as well', async () => {
    const given = new Blob(['\ufeffhello'], { type: 'text/plain' });
    expect(await itemsOf(given)).toEqual(await itemsOf('hello'));
  });
});

describe('a text that is longer than the model takes', () => {
  const lengths = async (tokenize: object) =>
    (await itemsOf(words(100), { tokenize: { max_length: 34, ...tokenize } })).map(
      ({ attention_mask = [] }) => [attention_mask.length, attention_mask.indexOf(0)],
    );

  test('is cut without a stride', async () => {
    expect(await lengths({})).toEqual([[34, -1]]);
  });

  test('is read in windows that share pieces with one', async () => {
    // 32 words each: 0 to 32, 28 to 60, 56 to 88, 84 to 100
    expect(await lengths({ stride: 4 })).toEqual([
      [34, -1],
      [34, -1],
      [34, -1],
      [32, 18],
    ]);
  });

  test('has one answer: the mean of its windows, each as heavy as it is long', async () => {
    const flow = pipelineOf({ tokenize: { max_length: 34, stride: 0 } }).begin();
    const prepared = await flow.prepare(words(40));
    const logits = (data: number[]) => ({
      logits: { datatype: 'FP32', shape: [1, 2], data: Float32Array.from(data) } as const,
    });
    const { output } = (await prepared.finish([logits([99, 0]), logits([0, 99])])) as unknown as {
      output: { score: number }[];
    };
    expect(output.map(({ score }) => score)).toEqual([34 / 44, 10 / 44]);
  });
});

describe('bad text is refused, and the next one is read', () => {
  const pipeline = pipelineOf();
  test.each<[string, unknown, string, RegExp]>([
    ['no text', 7, 'input-invalid', /a string, or a Blob of UTF-8, got number 7/],
    ['an empty one', '', 'input-invalid', /words, got none/],
    ['white space', ' \n', 'input-invalid', /words, got none/],
    ['half of a surrogate pair', 'ab\ud83d', 'input-invalid', /half of one at 2/],
    [
      'a character with very many marks',
      `the e${'\u0301\u0323'.repeat(500_000)}`,
      'input-invalid',
      /at most 1000 marks on a character, got more at 4/,
    ],
    ['nothing but unknown pieces', '☃ ☃☃', 'input-invalid', /2 unknown pieces alone/],
    ['10 MB', 'x'.repeat(10_000_000), 'input-too-large', /1048576 characters, got 10000000/],
    ['a file of 10 MB', new Blob(['x'.repeat(10_000_000)]), 'input-too-large', /got 10000000/],
    [
      'a megabyte of characters that are written out in 18',
      '\ufdfa'.repeat(2 ** 20),
      'input-too-large',
      /1048576 characters, got 18874368 written out \(NFKC\)/,
    ],
    ['bytes that are no UTF-8', new Blob([Uint8Array.of(0xff)]), 'decode-failed', /UTF-8/],
  ])('%s', async (_, text, code, message) => {
    await expect(pipeline.begin().prepare(text)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect((await pipeline.begin().prepare('hello')).items).toHaveLength(1);
  });
});

test('spaces between unknown pieces are no words', async () => {
  const file = JSON.stringify(UNIGRAM);
  await expect(itemsOf('☃☃ ☃', { file })).rejects.toMatchObject({
    code: 'input-invalid',
    message: expect.stringContaining('2 unknown pieces alone'),
  });
  await expect(itemsOf('☃☃ a', { file })).resolves.toHaveLength(1);
});

test('of a vocabulary without an unknown piece, what is in no piece is left out', async () => {
  const file = JSON.stringify({ ...UNIGRAM, model: { ...UNIGRAM.model, unk_id: null } });
  const [item] = await itemsOf('a ☃ b', { file });
  expect(item?.input_ids?.slice(0, 5)).toEqual([5, 3, 3, 7, 0]); // ▁a ▁ ▁ b
});

describe('what does not fit is refused before anything runs', () => {
  test.each<[string, Differing, RegExp]>([
    [
      'a tokenizer file cut short',
      { file: JSON.stringify(WORD_PIECE).slice(0, -100) },
      /whole tokenizer.json as resource 'words'/,
    ],
    ['one that is no tokenizer', { file: '{}' }, /whole tokenizer.json as resource 'words'/],
    ['more pieces than the model has rows', { tokenize: { vocab_size: 50 } }, /at most 50 pieces/],
    [
      'padding beyond the rows that the model has',
      { file: JSON.stringify({ ...WORD_PIECE, padding: { pad_id: SIZE } }) },
      /at most \d+ pieces/,
    ],
    ...[-1, 7.5, '7'].map((id): [string, Differing, RegExp] => [
      `an id that no row has, ${id}`,
      { file: JSON.stringify(withIds({ the: id })) },
      new RegExp(`ids from 0 on, got ${id}`),
    ]),
    [
      'an id far beyond the rows',
      { file: JSON.stringify(withIds({ the: 1e15 })) },
      /got 1000000000000001/,
    ],
    [
      'an unknown piece beyond the rows',
      { file: JSON.stringify({ ...UNIGRAM, model: { ...UNIGRAM.model, unk_id: 999 } }) },
      /at most \d+ pieces .*, got 1000/,
    ],
    [
      'a special piece that the vocabulary lacks',
      { file: JSON.stringify(withVocabulary(noCls)) },
      /got one that names '\[CLS\]' as piece 2, of which its vocabulary has none/,
    ],
    [
      'one that the vocabulary has under another id',
      { file: JSON.stringify(withVocabulary({ ...noCls, '[CLS]': 2, '[SEP]': 50 })) },
      /names '\[SEP\]' as piece 3, of which its vocabulary has 50/,
    ],
    [
      'an unknown piece that the vocabulary lacks',
      {
        file: JSON.stringify({ ...WORD_PIECE, model: { ...WORD_PIECE.model, unk_token: '[?]' } }),
      },
      /names '\[\?\]', of which its vocabulary has none/,
    ],
    [
      'a resource that is not there',
      { tokenize: { tokenizer: 'others' } },
      /'others' among resources, got words/,
    ],
    [
      'an input that is not of integers',
      { inputs: [{ name: 'ids', datatype: 'FP32', shape: [-1, -1] }] },
      /INT64 or INT32 \[n, pieces\]/,
    ],
    ['two inputs for ids', { inputs: [...INPUTS, { name: 'more', ...INT64 }] }, /each once/],
    [
      'more pieces than an input takes',
      { inputs: [{ name: 'ids', datatype: 'INT64', shape: [-1, 32] }] },
      /at most 32/,
    ],
    ['no room for a piece', { tokenize: { max_length: 6, stride: 4 } }, /max_length of 7 or more/],
    [
      'a way to split that is not known',
      {
        file: JSON.stringify({
          ...UNIGRAM,
          pre_tokenizer: { type: 'Punctuation', behavior: 'MergedWithNext' },
        }),
      },
      /got Punctuation that is MergedWithNext/,
    ],
  ])('%s', (_, differing, message) => {
    expect(() => pipelineOf(differing)).toThrow(
      expect.objectContaining({
        code: 'model-invalid',
        message: expect.stringMatching(message),
        details: expect.objectContaining({ step: 'tokenize' }),
      }),
    );
  });
});
