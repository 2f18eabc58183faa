import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CLOSE_PAIRS, compareTimes, isDecided, LEAST_PAIRS, MOST_PAIRS } from './time-beside.js';

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

test('one slow run in eight changes nothing', () => {
  const serving = Array(8).fill(10);
  const spoilt = (time: number, slow: number) => [...Array(7).fill(time), slow];
  expect(compareTimes({ serving, contender: spoilt(5, 900) })?.isFaster).toBe(true);
  expect(compareTimes({ serving, contender: spoilt(12, 1) })?.isFaster).toBe(false);
});

test('two of the same speed are told apart in no more than one of 25 measurements', () => {
  // All 2^11 ways in which eleven pairs can end, by a hair or by half.
  const pairs = Array.from({ length: CLOSE_PAIRS }, (_, i) => i);
  let told = 0;
  for (let ways = 0; ways < 2 ** CLOSE_PAIRS; ways += 1) {
    const contender = pairs.map((i) => ((ways >> i) & 1 ? 5 : 20));
    told += Number(compareTimes({ serving: pairs.map(() => 10), contender })?.isFaster);
  }
  expect(told / 2 ** CLOSE_PAIRS).toBeLessThanOrEqual(1 / 25);
  expect(told / 2 ** CLOSE_PAIRS).toBeGreaterThan(1 / 50);
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
  expect(isDecided(close, CLOSE_PAIRS)).toBe(true);
  expect(isDecided({ servingMs: 4, contenderMs: 10, isFaster: false }, LEAST_PAIRS)).toBe(true);
});

test('medians that are clear and pairs that disagree, as on a busy device, take more pairs', () => {
  const disputed = { servingMs: 10, contenderMs: 4, isFaster: false };
  expect(isDecided(disputed, CLOSE_PAIRS)).toBe(false);
  expect(isDecided(disputed, MOST_PAIRS)).toBe(true);
  const wins = (share: number) =>
    Array.from({ length: MOST_PAIRS }, (_, i) => (i < share * MOST_PAIRS ? 4 : 30));
  const serving = Array(MOST_PAIRS).fill(10);
  expect(compareTimes({ serving, contender: wins(0.7) })?.isFaster).toBe(true);
  expect(compareTimes({ serving, contender: wins(0.6) })?.isFaster).toBe(false);
});
