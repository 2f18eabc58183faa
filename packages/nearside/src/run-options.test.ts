import { expect, test } from 'vitest';
import { checkRunOptions } from './check-run-options.js';
import { areRunOptions } from './run-options.js';

test('a typo in an option is named instead of removing the deadline in silence', () => {
  expect(areRunOptions({ timeoutMS: 5 })).toBe(false);
  expect(() => checkRunOptions({ timeoutMS: 5 } as never)).toThrow("'timeoutMS'");
});

test('values of the wrong kind are refused', () => {
  const wrong = [
    null,
    5,
    { timeoutMs: '5' },
    { timeoutMs: -1 },
    { timeoutMs: Number.NaN },
    { topK: 0 },
    { topK: 1.5 },
    { priority: 'urgent' },
    { signal: {} },
    { transfer: 'yes' },
  ];
  for (const options of wrong) {
    expect(areRunOptions(options)).toBe(false);
    expect(() => checkRunOptions(options as never)).toThrow(/^run:/);
  }
});

test('every documented option passes', () => {
  const { signal } = new AbortController();
  const options = {
    signal,
    priority: 'interactive',
    timeoutMs: 500,
    topK: 3,
    transfer: true,
  } as const;
  expect(areRunOptions({ ...options, terminate: undefined })).toBe(true);
  checkRunOptions(options);
});
