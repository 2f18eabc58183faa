import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ModelSpec, parseModelSpec } from '@nearside/core';
import { describe, expect, test } from 'vitest';
import { grayPng } from '../../testing/gray-png.js';
import { DIGITS } from '../../testing/hugging-face-folder.js';
import { temporaryDirectory } from '../../testing/workspace.js';
import { readItems } from './read-items.js';

const PICTURE = grayPng(new Uint8Array(4), { width: 2, height: 2 });
const OTHER = grayPng(new Uint8Array(4).fill(9), { width: 2, height: 2 });
const CUT = PICTURE.subarray(0, 40);
const MODELS = dirname(DIGITS);

async function specOf(model: string): Promise<ModelSpec> {
  return parseModelSpec(JSON.parse(await readFile(join(MODELS, model, 'model.json'), 'utf8')));
}

async function folderOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const folder = join(await temporaryDirectory(), 'items');
  await mkdir(folder);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

const lines = (...items: object[]) => items.map((item) => JSON.stringify(item)).join('\n');

describe('items', () => {
  test('lie in folders of labels, without labels, or in a list that names them', async () => {
    const spec = await specOf('digits');
    const labelled = await readItems(
      await folderOf({ '3/a.png': PICTURE, '4/a.png': OTHER }),
      spec,
    );
    expect(labelled).toMatchObject([
      { name: '3/a.png', expected: '3' },
      { name: '4/a.png', expected: '4' },
    ]);
    expect(await labelled[0]?.readInput()).toMatchObject({ width: 2, height: 2 });
    const alone = await readItems(
      await folderOf({ 'a.png': PICTURE, 'b.png': OTHER, '.DS_Store': '' }),
      spec,
    );
    expect(alone.map(({ expected }) => expected)).toEqual([undefined, undefined]);
    const list = lines({ input: 'p/a.png', expected: 5, slice: 'night' }, { input: 'p/b.png' });
    const listed = await readItems(
      await folderOf({ 'p/a.png': PICTURE, 'p/b.png': OTHER, 'labels.jsonl': `\ufeff${list}` }),
      spec,
    );
    expect(listed).toMatchObject([
      { name: 'labels.jsonl, line 1', expected: '5', slice: 'night' },
      { name: 'labels.jsonl, line 2', expected: undefined },
    ]);
  });

  test('are records, and tensors as nested arrays', async () => {
    const items = [0, 1].map((i) => ({ input: { 'mean radius': i }, expected: 'benign' }));
    const folder = await folderOf({ 'labels.jsonl': lines(...items) });
    const [record] = await readItems(folder, await specOf('breast-cancer'));
    expect(await record?.readInput()).toEqual({ 'mean radius': 0 });
    const spec = {
      ...(await specOf('digits')),
      task: 'tensors',
      preprocessing: [],
      inputs: [{ name: 'x', datatype: 'FP32' as const, shape: [-1, 2] }],
    };
    const rows = lines({ input: [1, 2], expected: 3 }, { input: [[3, 4]], expected: 4 });
    const [row] = await readItems(await folderOf({ 'labels.jsonl': rows }), spec);
    const x = { datatype: 'FP32', shape: [1, 2], data: Float32Array.of(1, 2) };
    expect(await row?.readInput()).toEqual({ tensors: { x } });
  });
});

describe('a folder is refused, and its item named, for', () => {
  test.each([
    [
      'a value that its type cannot hold',
      'UINT8',
      [300, 1],
      "values that UINT8 of 'x' can hold, got 300",
    ],
    ['half of a whole number', 'INT32', [1.5, 1], "values that INT32 of 'x' can hold, got 1.5"],
    ['a number that Float32 makes infinite', 'FP32', [1e39, 1], 'got 1e+39'],
    ['rows of different lengths', 'FP32', [[1, 2], [3, 4, 5], [6]], 'values of FP32'],
  ] as const)('%s', async (_, datatype, input, message) => {
    const inputs = [{ name: 'x', datatype, shape: [-1, 2] }];
    const spec = { ...(await specOf('digits')), task: 'tensors', preprocessing: [], inputs };
    const folder = await folderOf({ 'labels.jsonl': lines({ input }, { input: [[1, 1]] }) });
    await expect(readItems(folder, spec)).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringMatching(
        `labels.jsonl, line 1: expected .*${message.replace('+', '.')}`,
      ),
    });
  });

  test.each([
    ['an unknown label', { '3/a.png': PICTURE, 'cat/b.png': OTHER }, 'input-invalid', 'cat/b.png'],
    ['one item', { '3/a.png': PICTURE }, 'input-invalid', '3/a.png'],
    ['none', {}, 'input-invalid', 'none'],
    [
      'a picture that is cut off',
      { '3/a.png': PICTURE, '3/b.png': CUT },
      'decode-failed',
      '3/b.png',
    ],
    ['a file beside folders', { '3/a.png': PICTURE, 'b.png': PICTURE }, 'input-invalid', 'b.png'],
    [
      'a picture that is there twice',
      { '3/a.png': PICTURE, '4/b.png': PICTURE },
      'input-invalid',
      "4/b.png: expected another input than of each other item, got '3/a.png'",
    ],
    [
      'a slice that a terminal obeys',
      {
        'a.png': PICTURE,
        'labels.jsonl': lines({ input: 'a.png', slice: 'a\u001b[31m' }, {}),
      },
      'metadata-malformed',
      'line 1: expected a slice of 1 to 100 characters',
    ],
    [
      'labels of another task',
      { 'labels.jsonl': lines({ input: 'a.png', expected: [[0, 90]] }, {}) },
      'metadata-malformed',
      'line 2',
    ],
  ] as const)('%s', async (_, files, code, named) => {
    const reading = readItems(await folderOf(files), await specOf('digits'));
    await expect(reading).rejects.toMatchObject({ code, message: expect.stringContaining(named) });
  });

  test.each([
    ['digits', 'a spot of sound', [[0, 90]], 'input-invalid'],
    ['digits', 'an unknown label', 'cat', 'input-invalid'],
    ['ocr', 'a number', 7, 'input-invalid'],
  ])('%s: %s as its answer', async (model, _, expected, code) => {
    const list = lines({ input: 'a.png', expected: '3' }, { input: 'b.png', expected });
    const folder = await folderOf({ 'a.png': PICTURE, 'b.png': OTHER, 'labels.jsonl': list });
    const reading = readItems(folder, await specOf(model));
    const message = expect.stringContaining('labels.jsonl, line 2');
    await expect(reading).rejects.toMatchObject({ code, message });
  });

  test('a record that is there twice, whichever feature stands first', async () => {
    const [one, other] = [
      { 'mean radius': 1, 'mean area': 2 },
      { 'mean area': 2, 'mean radius': 1 },
    ];
    const folder = await folderOf({ 'labels.jsonl': lines({ input: one }, { input: other }) });
    await expect(readItems(folder, await specOf('breast-cancer'))).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringMatching(/line 2: .* 'labels.jsonl, line 1'/),
    });
  });

  test('a picture, a sound or numbers that are the same to the model, whatever their bytes', async () => {
    const spec = await specOf('digits');
    const end = PICTURE.length - 12;
    const text = Buffer.from('\0\0\0\x04tEXta\0b\x01\0\0\0\0', 'latin1');
    const commented = Buffer.concat([PICTURE.subarray(0, end), text, PICTURE.subarray(end)]);
    const clip = await readFile(join(MODELS, 'voice/clips/high.wav'));
    const longer = Buffer.concat([clip, Buffer.from('LIST\0\0\0\0', 'latin1')]);
    const tensors = {
      ...spec,
      task: 'tensors',
      preprocessing: [],
      inputs: [{ name: 'x', datatype: 'FP32' as const, shape: [-1, 2] }],
    };
    const rows = lines({ input: [1, 0] }, { input: [1 + 1e-12, -0] });
    const record = (radius: number) => ({ input: { 'mean radius': radius } });
    for (const [files, of] of [
      [{ 'a.png': PICTURE, 'b.png': commented }, spec],
      [{ 'a.wav': clip, 'b.wav': longer }, await specOf('voice')],
      [{ 'labels.jsonl': rows }, tensors],
      [{ 'labels.jsonl': lines(record(1.5), record(1.5 + 1e-12)) }, await specOf('breast-cancer')],
    ] as const) {
      await expect(readItems(await folderOf(files), of)).rejects.toMatchObject({
        code: 'input-invalid',
        message: expect.stringContaining('expected another input than of each other item'),
      });
    }
  });

  test('an item that is changed after it was read', async () => {
    const folder = await folderOf({ 'a.png': PICTURE, 'b.png': OTHER });
    const [item] = await readItems(folder, await specOf('digits'));
    await writeFile(join(folder, 'a.png'), OTHER);
    await expect(item?.readInput()).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('a.png: expected what lay there when the items were read'),
    });
  });

  test('being none', async () => {
    const file = join(await folderOf({ 'a.png': PICTURE }), 'a.png');
    for (const folder of [file, `${file}s`]) {
      const reading = readItems(folder, await specOf('digits'));
      await expect(reading).rejects.toMatchObject({ code: 'file-missing' });
    }
  });

  test('pictures of a model that takes tensors, with the flags that make a classifier of it', async () => {
    const spec = { ...(await specOf('digits')), preprocessing: [] };
    const folder = await folderOf({ 'cat/a.png': PICTURE, 'dog/b.png': OTHER });
    await expect(readItems(folder, spec)).rejects.toMatchObject({
      code: 'metadata-malformed',
      message: expect.stringMatching(
        /^cat\/a\.png: .*`--task image-classification --labels <file>`/,
      ),
    });
  });

  test('a sound that is cut off, or no WAV file', async () => {
    const clip = await readFile(join(MODELS, 'voice/clips/high.wav'));
    const spec = await specOf('voice');
    for (const broken of [clip.subarray(0, 1000), Buffer.from('ID3')]) {
      const folder = await folderOf({ 'speech/a.wav': clip, 'speech/b.wav': broken });
      await expect(readItems(folder, spec)).rejects.toMatchObject({
        code: 'decode-failed',
        message: expect.stringMatching(/^speech\/b\.wav: Sound input: expected /),
      });
    }
  });

  test.each([
    ['a path that leaves it', '../outside.png'],
    ['a link that leads out', 'link.png'],
    ['an absolute path', '/etc/hostname'],
  ])('%s', async (_, input) => {
    const folder = await folderOf({ 'a.png': PICTURE });
    await writeFile(join(folder, '../outside.png'), PICTURE);
    await symlink('../outside.png', join(folder, 'link.png'));
    await writeFile(join(folder, 'labels.jsonl'), lines({ input: 'a.png' }, { input }));
    const reading = readItems(folder, await specOf('digits'));
    const code = input.startsWith('/') ? 'file-missing' : 'name-unsafe';
    const message = expect.stringContaining('labels.jsonl, line 2');
    await expect(reading).rejects.toMatchObject({ code, message });
  });
});
