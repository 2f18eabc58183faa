import { expect, test } from 'vitest';
import type { Evaluation, VariantEvaluation } from '../evaluating/judging/evaluation.js';
import { requirePassed, tellingAssumed } from './pass-gate.js';

const refused: VariantEvaluation = {
  items: 40,
  lost: 12,
  gained: 0,
  loss: 0.3,
  low: 0.18,
  high: 0.45,
  verdict: 'refused',
  refusedFor: ["slice 'night'"],
  sizeBytes: 9,
  sha256: '',
  differing: 12,
  lostItems: ['a.png', 'b.png'],
  measures: { items: 40 },
  slices: {},
  labels: {},
  corruptions: {},
};

const evaluation = (more: Partial<Evaluation>): Evaluation => ({
  format: 1,
  model: 'cats',
  version: '1.2.0',
  task: 'image-classification',
  maxLoss: 0.07,
  items: 300,
  itemsSha256: '',
  original: 'fp32',
  originalBytes: 36,
  originalSha256: '',
  originalMeasures: { items: 300, right: 290 },
  variants: {},
  notEvaluated: {},
  ...more,
});

test('a variant that lost too much is refused, with its loss, its interval and the items that it lost', () => {
  const told: Evaluation[] = [];
  const given = evaluation({ variants: { small: refused } });
  const judge = () => requirePassed(given, { folder: '', onRefused: (one) => told.push(one) });
  expect(judge).toThrow(
    "Variant 'small' of cats 1.2.0: expected a loss of at most 7 % against 'fp32', got 30.0 % (18.0 to 45.0) over 40 " +
      "items. It is refused for slice 'night'. It alone got these wrong: a.png, b.png.",
  );
  expect(judge).toThrow(expect.objectContaining({ code: 'gate-refused' }));
  expect(told[0]).toBe(given);
});

test('a variant that was not asked is refused by `strict` alone', () => {
  const given = evaluation({ notEvaluated: { web: 'It runs in browsers alone.' } });
  expect(() => requirePassed(given, { folder: '' })).not.toThrow();
  expect(() => requirePassed(given, { folder: '', strict: true })).toThrow(
    "Variant 'web' of cats 1.2.0: expected its answers, got none: It runs in browsers alone.",
  );
});

test('where a draft cannot be judged, the sentences about what was assumed of it are told', async () => {
  const told: string[] = [];
  const gate = { folder: '', onNote: (sentence: string) => told.push(sentence) };
  const assumed = ['Pictures are normalised as for ImageNet.'];
  expect(await tellingAssumed(assumed, gate, async () => 1)).toBe(1);
  const refusing = tellingAssumed(assumed, gate, async () => {
    requirePassed(evaluation({ variants: { small: refused } }), gate);
  });
  await expect(refusing).rejects.toThrow('small');
  expect(told).toEqual([]);
  const failing = tellingAssumed(assumed, gate, () => Promise.reject(new Error('half right')));
  await expect(failing).rejects.toThrow('half right');
  expect(told).toEqual(assumed);
});
