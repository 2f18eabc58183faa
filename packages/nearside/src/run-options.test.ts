import { expect, test } from 'vitest';
import { checkRunOptions } from './run-options.js';

test('a typo in an option is named instead of removing the deadline in silence', () => {
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
  for (const options of wrong) expect(() => checkRunOptions(options as never)).toThrow(/^run:/);
});

test('every documented option passes', () => {
  const { signal } = new AbortController();
  checkRunOptions({ signal, priority: 'interactive', timeoutMs: 500, topK: 3, transfer: true });
});
