import { expect, test } from 'vitest';
import { choiceCircumstances, EMPTY_RECORD, isLasting, parseChoice } from './choice-record.js';

const START = { backend: 'onnx-wasm', variant: 'int8' } as const;

test('whatever lies in the store becomes a record, and what is not one an empty one', () => {
  for (const value of [undefined, null, 7, 'a', [], { start: 1, measured: 'x' }]) {
    expect(parseChoice(value)).toEqual(EMPTY_RECORD);
  }
  const record = { ...EMPTY_RECORD, circumstances: 'here', adapter: 'a gpu', start: START };
  const measured = [{ ...START, p50Ms: 1 }];
  expect(parseChoice({ ...record, measured })).toEqual({ ...record, measured });
});

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
