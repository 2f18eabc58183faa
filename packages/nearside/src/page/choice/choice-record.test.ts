import { expect, test } from 'vitest';
import { choiceCircumstances, isLasting } from './choice-record.js';

test('another version is another circumstance, and so is another number of threads', () => {
  expect(choiceCircumstances(2)).not.toBe(choiceCircumstances(1));
  expect(choiceCircumstances(1, 2)).not.toBe(choiceCircumstances(1));
});

test('wrong numbers last, a lost worker does not', () => {
  expect(isLasting('golden-mismatch')).toBe(true);
  expect(isLasting('operator-unsupported')).toBe(true);
  for (const code of ['worker-lost', 'device-lost', 'out-of-memory', 'network-failed'] as const) {
    expect(isLasting(code)).toBe(false);
  }
});
