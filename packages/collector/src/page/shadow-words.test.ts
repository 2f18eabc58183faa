import { expect, test } from 'vitest';
import {
  agreementCell,
  agreesWords,
  besideWords,
  joinedBins,
} from '../../dashboard/debug/shadow-words.js';

const bin = (from: number, to: number, n: number, agreement: number) => ({
  from,
  to,
  n,
  agreement,
});

test('ranges of few inputs are joined, and weigh as many as they have', () => {
  const bins = [bin(0, 0.5, 30, 0.5), bin(0.5, 0.9, 90, 0.9), bin(0.9, 1, 400, 1)];
  expect(joinedBins(bins)).toEqual([bin(0, 0.9, 120, 0.8), bin(0.9, 1, 400, 1)]);
  expect(joinedBins([])).toEqual([]);
});

test('of many ranges six are shown at most, which hold all inputs', () => {
  const bins = Array.from({ length: 32 }, (_, i) => bin(i / 32, (i + 1) / 32, 150 + i, 1));
  const joined = joinedBins(bins);
  expect(joined.length).toBeLessThanOrEqual(6);
  expect([joined[0]?.from, joined.at(-1)?.to]).toEqual([0, 1]);
  const all = (some: readonly { n: number }[]) => some.reduce((sum, { n }) => sum + n, 0);
  expect(all(joined)).toBe(all(bins));
});

test('a shadow that is faster and fails less is said to be, and too few devices say nothing of it', () => {
  const agreement = { value: null, low: null, high: null, n: 0, devices: 3 };
  const few = { n: 40, latencyDifferenceMs: -2, errorDifference: -0.01, agreement };
  expect(besideWords(few as never)).toBe(
    'It took 2.00 ms less, and 1.0 points fewer of the inputs failed.',
  );
  const missing = { ...few, missing: 'too-few-devices' };
  expect(agreesWords(missing as never)).toMatch(/^It had 40 inputs, on too few devices /);
});

test('what one device alone ran is counted, and no share is made of it', () => {
  const agreement = { value: 0.9, low: 0.005, high: 1, n: 10, devices: 1, method: 'cohorts' };
  const one = { candidate: '1.1.0', n: 10, agreement } as never;
  expect(agreesWords(one)).toBe(
    'It decided the same for 9 of 10 inputs, in one group of devices: too few to say how often.',
  );
  expect(agreementCell(one)).toMatchObject({ text: '9 of 10', value: 0.9, isThin: true });
});
