import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ModelSpec, parseModelSpec } from '@nearside/core';
import { describe, expect, test } from 'vitest';
import { DIGITS } from '../../testing/hugging-face-folder.js';
import { comparingOf } from './comparing-of.js';

async function specOf(model: string): Promise<ModelSpec> {
  const path = join(dirname(DIGITS), model, 'model.json');
  return parseModelSpec(JSON.parse(await readFile(path, 'utf8')));
}

/** Answers to outputs, of which the right ones are known. */
function answered(
  { answerOf, parseExpected }: ReturnType<typeof comparingOf>,
  pairs: readonly (readonly [output: unknown, expected: unknown])[],
) {
  return pairs.map(([output, expected]) => {
    return { answer: answerOf(output), expected: parseExpected(expected, 'item') };
  });
}

/** @returns how many answers are not good enough */
function errorsOf(
  answers: ReturnType<typeof comparingOf>,
  pairs: ReturnType<typeof answered>,
): number[] {
  return pairs.flatMap(({ answer, expected }) => answers.errorsOf(answer, expected));
}

const labelled = (label: string) => [{ label, score: 0.4 }];

describe('answers', () => {
  test('of a classifier have a confusion, and of two labels sensitivity and specificity', async () => {
    const answers = comparingOf(await specOf('breast-cancer'));
    const [benign, malignant] = [labelled('benign'), labelled('malignant')];
    const pairs = answered(answers, [
      [malignant, 'malignant'],
      [benign, 'malignant'],
      [benign, 'benign'],
    ]);
    expect(errorsOf(answers, pairs)).toEqual([0, 1, 0]);
    expect(answers.measure(pairs)).toEqual({
      items: 3,
      right: 2,
      confusion: { benign: { benign: 1 }, malignant: { benign: 1, malignant: 1 } },
      positive: 'malignant',
      sensitivity: { right: 1, of: 2 },
      specificity: { right: 1, of: 1 },
    });
  });

  test('of a label that objects have by themselves are counted as of any other', async () => {
    const step = { step: 'id-to-label', id2label: { 0: 'constructor', 1: '__proto__', 2: 'c' } };
    const { measure } = comparingOf({ ...(await specOf('digits')), postprocessing: [step] });
    const labels = ['constructor', '__proto__', '__proto__'];
    const pairs = labels.map((label) => ({ answer: label, expected: label }));
    expect(JSON.stringify(measure(pairs).confusion)).toBe(
      '{"__proto__":{"__proto__":2},"constructor":{"constructor":1}}',
    );
  });

  test('of what reads are exact lines, and characters by edits', async () => {
    const answers = comparingOf(await specOf('ocr'));
    const lines = (...texts: string[]) => texts.map((text) => ({ text }));
    const pairs = answered(answers, [
      [lines('Total  4,20', 'Ｔhanks'), 'Total 4,20\nThanks'],
      [lines('kitten'), ['sitting']],
      [lines(), 'gone'],
      [lines('a line where one character stands'), 'x'],
    ]);
    expect(errorsOf(answers, pairs)).toEqual([0, 1, 1, 1]);
    expect(answers.measure(pairs)).toEqual({
      items: 4,
      right: 1,
      lines: { right: 2, of: 5 },
      characters: { right: 17 + 4, of: 17 + 7 + 4 + 1 },
    });
  });

  test('of what finds objects are right where each is in its place and no other is there', async () => {
    const answers = comparingOf({ ...(await specOf('digits')), task: 'object-detection' });
    const found = (label: string, x: number) => {
      return { label, score: 0.9, box: { x, y: 0, width: 10, height: 10 } };
    };
    const pairs = answered(answers, [
      [
        [found('cat', 1), found('dog', 40)],
        [found('dog', 42), found('cat', 0)],
      ],
      [[found('cat', 1)], [found('cat', 6)]],
      [[found('cat', 1), found('cat', 60)], ['cat']],
      [[found('cat', 1)], 'cat'],
      [[], []],
    ]);
    expect(errorsOf(answers, pairs)).toEqual([0, 1, 1, 0, 0]);
    expect(answers.measure(pairs)).toEqual({ items: 5, right: 3, objects: { right: 4, of: 5 } });
    expect(() => answers.parseExpected([{ label: 'cat', box: [1, 2] }], 'a.png')).toThrow(
      'a.png: expected a label, or { label, box: { x, y, width, height } }, for each object',
    );
  });

  test('of what hears speech are windows beside spans, windows or a label', async () => {
    const answers = comparingOf(await specOf('voice'));
    const heard = (...scores: number[]) => ({
      windows: scores.map((score, i) => ({ fromMs: i * 32, toMs: (i + 1) * 32, score })),
      segments: scores.some((score) => score >= 0.5) ? [{ fromMs: 0, toMs: 32 }] : [],
    });
    const pairs = answered(answers, [
      [heard(0.1, 0.9, 0.8), [[40, 200]]],
      [heard(0.1, 0.9, 0.4), [0, 1, 1]],
      [heard(0.1, 0.2), []],
      [heard(0.9), 'speech'],
      [heard(0.9), 'none'],
    ]);
    expect(errorsOf(answers, pairs)).toEqual([0, 1, 0, 0, 1]);
    expect(answers.measure(pairs)).toEqual({
      items: 5,
      right: 3,
      windows: { right: 3 + 2 + 2, of: 3 + 3 + 2 },
    });
    const own = answers.asExpected(answers.answerOf(heard(0.49, 0.9)));
    expect(answers.errorsOf(answers.answerOf(heard(0.51, 0.9)), own)).toEqual([1]);
    const spans = JSON.parse('[[12, 20], [0, 10], [0, 10]]');
    const twice = answers.parseExpected(spans, 'a.wav');
    expect(answers.errorsOf(answers.answerOf(heard(0.9)), twice)).toEqual([0]);
    const [{ answer, expected } = { answer: 0, expected: 0 }] = answered(answers, [
      [heard(0.9, 0.1, 0.1), [1, 0]],
    ]);
    const comparing = () => answers.requireComparable?.(answer, expected, 'a.wav');
    expect(comparing).toThrow('a.wav: expected 3 windows, as the model hears them, got 2');
  });

  test('that are numbers are lost where the error grew by more than the margin', async () => {
    const answers = comparingOf({ ...(await specOf('breast-cancer')), task: 'tabular-regression' });
    const values = (...given: number[]) => given.map((value) => ({ value, unit: 'kg' }));
    const pairs = answered(answers, [
      [values(11), 10],
      [values(26), 30],
    ]);
    expect(answers.measure(pairs)).toEqual({ items: 2, meanAbsoluteErrors: [2.5] });
    expect(errorsOf(answers, pairs)).toEqual([1, 4]);
    const expected = pairs.map((pair) => pair.expected);
    expect(answers.scalesOf(expected)).toEqual([10]);
    expect(() => answers.parseExpected('heavy', 'row 3')).toThrow('row 3: expected a number');
    const comparing = (answer: number[]) => () => answers.requireComparable?.(answer, [1], 'row 4');
    expect(comparing([1, 2])).toThrow('row 4: expected 2 numbers, as the model answers, got 1');
    expect(comparing([Number.NaN])).toThrow('row 4: expected numbers of the variant');
    const rounded = [0.1, 0.1 + 1e-9, 0.1];
    expect(answers.areDifferent(rounded.map((value) => [value]))).toBe(false);
  });

  test('that are embeddings are lost where their direction changed by more than the margin', async () => {
    const answers = comparingOf({ ...(await specOf('digits')), task: 'feature-extraction' });
    const vector = (...numbers: number[]) => Float32Array.from(numbers);
    const pairs = answered(answers, [
      [vector(3, 0), [1, 0]],
      [vector(0, 2), [1, 0]],
      [vector(-1, 0), [1, 0]],
    ]);
    expect(errorsOf(answers, pairs)).toEqual([0, 1, 2]);
    expect(answers.measure(pairs)).toEqual({ items: 3, meanAbsoluteErrors: [1] });
    const expected = [
      [1, 0],
      [0, 1],
      [0, 1],
    ];
    expect(answers.scalesOf(expected)).toEqual([expect.closeTo(1 - 2 / Math.sqrt(5), 12)]);
    expect(
      answers.areDifferent([
        [2, 0],
        [4, 0],
      ]),
    ).toBe(false);
    const unknown = answers.answerOf(vector(1, Number.NaN));
    expect(answers.errorsOf(unknown, [1, 0])).toEqual([2]);
    expect(() => answers.parseExpected('a label', 'a.txt')).toThrow('a.txt: expected a vector');
    const comparing = () => answers.requireComparable?.([1, 0], [1], 'row 4');
    expect(comparing).toThrow('row 4: expected 2 numbers, as the model answers, got 1');
  });

  test('of tensors are the index of the largest number, or the number itself', async () => {
    const spec = { ...(await specOf('digits')), task: 'tensors' };
    const tensors = (name: string, shape: number[], ...data: number[]) => ({
      tensors: { [name]: { datatype: 'FP32', shape, data: Float32Array.from(data) } },
    });
    const scores = comparingOf(spec);
    const pairs = answered(scores, [
      [tensors('logits', [1, 3], 0, 5, 1), '1'],
      [tensors('logits', [1, 3], 0, 5, 1), 2],
    ]);
    expect(errorsOf(scores, pairs)).toEqual([0, 1]);
    expect(() => scores.parseExpected(10, 'a')).toThrow('index of the largest number of 10');
    const logits = { datatype: 'FP32', shape: [1, 300_000], data: new Float32Array(300_000) };
    logits.data[7] = 1;
    expect(scores.answerOf({ tensors: { logits } })).toEqual({ first: [7], others: [] });
    const unknown = scores.answerOf(tensors('logits', [1, 3], 1, Number.NaN, 2));
    expect(scores.errorsOf(unknown, scores.asExpected(unknown))).toEqual([1]);
    const outputs = [{ name: 'y', datatype: 'FP32' as const, shape: [-1, 1] }];
    const values = comparingOf({ ...spec, outputs });
    const [pair] = answered(values, [[tensors('y', [1, 1], 2.5), 2]]);
    expect(values.errorsOf(pair?.answer, pair?.expected)).toEqual([0.5]);
    const masks = comparingOf({
      ...spec,
      outputs: [{ name: 'y', datatype: 'FP32', shape: [1, 1, 2, 2] }],
    });
    const [mask] = answered(masks, [
      [tensors('y', [1, 1, 2, 2], 1, 2, 3, 4), JSON.parse('[[[[1, 2], [3, 6]]]]')],
    ]);
    expect(masks.errorsOf(mask?.answer, mask?.expected)).toEqual([0, 0, 0, 2]);
  });

  test('that are several numbers are measured each by its own spread, which one item far out does not widen', async () => {
    const { scalesOf, areDifferent } = comparingOf({
      ...(await specOf('breast-cancer')),
      task: 'tabular-regression',
    });
    const items = Array.from({ length: 400 }, (_, i) => [1e6 + i * 1e4, i / 400, 3]);
    const scales = scalesOf(items);
    expect(scales[0]).toBeCloseTo(1e6, -4);
    expect(scales[1]).toBeCloseTo(0.25, 2);
    expect(scales[2]).toBe(3);
    const [small] = scalesOf([...items.map((item) => item.slice(1)), [1e12, 1e12]]);
    expect(small).toBeCloseTo(0.25, 2);
    expect(areDifferent([...items.map(() => [3]), [1e12]])).toBe(false);
    const seldom = items.map((_, i) => [i % 4 === 0 ? 8 : 0]);
    expect(scalesOf(seldom)).toEqual([8]);
  });

  test('of several tensors are held against the right answer in the first, and the original in the others', async () => {
    const outputs = ['y', 'z'].map((name) => ({ name, datatype: 'FP32' as const, shape: [-1, 3] }));
    const both = comparingOf({ ...(await specOf('digits')), task: 'tensors', outputs });
    const tensor = (...data: number[]) => {
      return { datatype: 'FP32', shape: [1, 3], data: Float32Array.from(data) };
    };
    const own = both.answerOf({ tensors: { y: tensor(1, 0, 0), z: tensor(0, 0, 4) } });
    const lost = both.answerOf({ tensors: { y: tensor(0, 1, 0), z: tensor(0, 0, 0) } });
    expect(both.errorsOf(lost, both.asExpected(own))).toEqual([1, 1]);
    const expected = both.asExpected(own, both.parseExpected('1', 'a'));
    expect(both.errorsOf(lost, expected)).toEqual([0, 1]);
    expect(both.isRight(own, expected, [1, 1])).toBe(false);
    const texts = comparingOf({
      ...(await specOf('digits')),
      task: 'tensors',
      outputs: [{ name: 'y', datatype: 'BYTES', shape: [-1] }],
    });
    const [one, other] = ['a', 'b'].map((text) =>
      texts.answerOf({ tensors: { y: { datatype: 'BYTES', shape: [1], data: [text] } } }),
    );
    expect(texts.errorsOf(one, texts.asExpected(other))).toEqual([1]);
    expect(texts.errorsOf(one, texts.asExpected(one))).toEqual([0]);
  });

  test('that are masks are right where nearly all of their pixels are, and hold against no labels', async () => {
    const spec = { ...(await specOf('ocr')), task: 'image-segmentation', stages: undefined };
    const masks = comparingOf({ ...spec, preprocessing: [], postprocessing: [{ step: 'mask' }] });
    const mask = (on: number, level = 255) => {
      const data = new Uint8Array(100).fill(level, 0, on);
      return masks.answerOf({ width: 10, height: 10, data });
    };
    expect(masks.errorsOf(mask(39), mask(40, 128))).toEqual([0]);
    expect(masks.errorsOf(mask(37), mask(40))).toEqual([1]);
    expect(masks.errorsOf(mask(40, 127), mask(40))).toEqual([1]);
    expect(masks.areDifferent([mask(40), mask(40)])).toBe(false);
    expect(masks.areDifferent([mask(40), mask(20)])).toBe(true);
    expect(() => masks.parseExpected('person', '1.png')).toThrow('1.png: expected none');

    const classes = comparingOf({ ...spec, postprocessing: [{ step: 'argmax' }] } as ModelSpec);
    expect(classes.errorsOf(mask(40, 2), mask(40, 3))).toEqual([1]);
    expect(classes.errorsOf(mask(40, 2), mask(40, 2))).toEqual([0]);
  });
});
