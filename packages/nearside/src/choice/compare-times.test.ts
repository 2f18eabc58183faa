import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareTimes, isDecided, LEAST_PAIRS, MOST_PAIRS } from './compare-times.js';

const times = fc.array(fc.double({ min: 0.01, max: 10_000, noNaN: true }), {
  minLength: LEAST_PAIRS,
  maxLength: MOST_PAIRS,
});

test('two backends never each take over from the other', () => {
  fc.assert(
    fc.property(times, times, (a, b) => {
      const there = compareTimes({ serving: a, contender: b });
      const back = compareTimes({ serving: b, contender: a });
      expect(there?.isFaster && back?.isFaster).toBe(false);
    }),
  );
});

test('a backend does not take over from itself, however its times come', () => {
  fc.assert(
    fc.property(times, (a) => {
      expect(compareTimes({ serving: a, contender: a.toReversed() })?.isFaster).toBe(false);
    }),
  );
});

test('what is a fifth faster takes over, what is a twentieth faster does not', () => {
  fc.assert(
    fc.property(times, (serving) => {
      const scaled = (factor: number) => serving.map((time) => time * factor);
      expect(compareTimes({ serving, contender: scaled(0.8) })?.isFaster).toBe(true);
      expect(compareTimes({ serving, contender: scaled(0.95) })?.isFaster).toBe(false);
    }),
  );
});

test('one slow run in five changes nothing', () => {
  const serving = [10, 10, 10, 10, 10];
  expect(compareTimes({ serving, contender: [5, 5, 5, 5, 900] })?.isFaster).toBe(true);
  expect(compareTimes({ serving, contender: [12, 12, 12, 12, 1] })?.isFaster).toBe(false);
});

test('a median that is lower by chance, in half of the pairs, does not do', () => {
  const serving = [10, 1, 10, 1, 10];
  expect(compareTimes({ serving, contender: [1, 9, 1, 9, 1] })?.isFaster).toBe(false);
});

test('too few pairs decide nothing; a clear difference needs no more than the least', () => {
  expect(compareTimes({ serving: [10, 10], contender: [1, 1] })).toBeUndefined();
  const clear = { servingMs: 10, contenderMs: 4, isFaster: true };
  const close = { servingMs: 10, contenderMs: 9, isFaster: false };
  expect(isDecided(clear, LEAST_PAIRS)).toBe(true);
  expect(isDecided(close, LEAST_PAIRS)).toBe(false);
  expect(isDecided(close, MOST_PAIRS)).toBe(true);
  expect(isDecided({ servingMs: 4, contenderMs: 10, isFaster: false }, LEAST_PAIRS)).toBe(true);
});

test('medians that are clear and pairs that disagree, as on a busy device, take more pairs', () => {
  const disputed = { servingMs: 10, contenderMs: 4, isFaster: false };
  expect(isDecided(disputed, LEAST_PAIRS)).toBe(false);
  expect(isDecided(disputed, MOST_PAIRS)).toBe(true);
});
