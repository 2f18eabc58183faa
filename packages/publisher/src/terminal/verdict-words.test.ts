import { expect, test } from 'vitest';
import { verdictWords } from './verdict-words.js';

test.each([
  ['none', ['no-reports'], 'none yet: no device has reported of it in the last 14 days'],
  ['hold', ['few-cohorts'], 'hold: devices of too few cohorts have reported on both sides'],
  ['hold', ['failed-runs', 'latency'], 'hold: not sure yet of failed-runs, latency'],
  ['roll-back', ['failed-runs'], 'roll-back: worse by failed-runs'],
  ['promote', [], 'promote'],
] as const)('%s because of %s is said in words', (verdict, because, words) => {
  expect(verdictWords({ verdict, because })).toBe(words);
});
