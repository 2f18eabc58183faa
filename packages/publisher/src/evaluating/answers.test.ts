import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ModelSpec, parseModelSpec } from '@nearside/core';
import { describe, expect, test } from 'vitest';
import { DIGITS } from '../testing/hugging-face-folder.js';
import { answersOf } from './answers.js';

async function specOf(model: string): Promise<ModelSpec> {
  const path = join(dirname(DIGITS), model, 'model.json');
  return parseModelSpec(JSON.parse(await readFile(path, 'utf8')));
}

/** Answers to outputs, of which the right ones are known. */
function answered(
  { answerOf, parseExpected }: ReturnType<typeof answersOf>,
  pairs: readonly (readonly [output: unknown, expected: unknown])[],
) {
  return pairs.map(([output, expected]) => {
    return { answer: answerOf(output), expected: parseExpected(expected, 'item') };
  });
}

/** @returns how many answers are not good enough */
function errorsOf(
  answers: ReturnType<typeof answersOf>,
  pairs: ReturnType<typeof answered>,
): number[] {
  return pairs.map(({ answer, expected }) => answers.errorOf(answer, expected));
}

const labelled = (label: string) => [{ label, score: 0.4 }];

describe('answers', () => {
  test('of a classifier have a confusion, and of two labels sensitivity and specificity', async () => {
    const answers = answersOf(await specOf('breast-cancer'));
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

  test('of what reads are exact lines, and characters by edits', async () => {
    const answers = answersOf(await specOf('ocr'));
    const lines = (...texts: string[]) => texts.map((text) => ({ text }));
    const pairs = answered(answers, [
      [lines('Total  4,20', 'Ｔhanks'), 'Total 4,20\nThanks'],
      [lines('kitten'), ['sitting']],
      [lines(), 'gone'],
    ]);
    expect(errorsOf(answers, pairs)).toEqual([0, 1, 1]);
    expect(answers.measure(pairs)).toEqual({
      items: 3,
      right: 1,
      lines: { right: 2, of: 4 },
      characters: { right: 17 + 4, of: 17 + 7 + 4 },
    });
  });

  test('of what hears speech are windows beside spans, windows or a label', async () => {
    const answers = answersOf(await specOf('voice'));
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
    expect(answers.errorOf(answers.answerOf(heard(0.51, 0.9)), own)).toBe(1);
  });

  test('that are numbers are lost where the error grew by more than the margin', async () => {
    const answers = answersOf({ ...(await specOf('breast-cancer')), task: 'tabular-regression' });
    const values = (...given: number[]) => given.map((value) => ({ value, unit: 'kg' }));
    const pairs = answered(answers, [
      [values(11), 10],
      [values(26), 30],
    ]);
    expect(answers.measure(pairs)).toEqual({ items: 2, meanAbsoluteErrors: [2.5] });
    expect(errorsOf(answers, pairs)).toEqual([1, 4]);
    const expected = pairs.map((pair) => pair.expected);
    expect(answers.ignoranceOf(expected)).toBeCloseTo(10, 12);
    expect(() => answers.parseExpected('heavy', 'row 3')).toThrow('row 3: expected a number');
  });

  test('of tensors are the index of the largest number, or the number itself', async () => {
    const spec = { ...(await specOf('digits')), task: 'tensors' };
    const tensors = (name: string, shape: number[], ...data: number[]) => ({
      tensors: { [name]: { datatype: 'FP32', shape, data: Float32Array.from(data) } },
    });
    const scores = answersOf(spec);
    const pairs = answered(scores, [
      [tensors('logits', [1, 3], 0, 5, 1), '1'],
      [tensors('logits', [1, 3], 0, 5, 1), 2],
    ]);
    expect(errorsOf(scores, pairs)).toEqual([0, 1]);
    const outputs = [{ name: 'y', datatype: 'FP32' as const, shape: [-1, 1] }];
    const values = answersOf({ ...spec, outputs });
    const [pair] = answered(values, [[tensors('y', [1, 1], 2.5), 2]]);
    expect(values.errorOf(pair?.answer, pair?.expected)).toBe(0.5);
  });
});
