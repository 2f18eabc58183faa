import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isLastinglySlow, NO_SPELLS, watchRun } from './slow-spells.js';

interface Run {
  readonly isSlow: boolean;
  /** After the run before it. */
  readonly gapMs: number;
}

const gapMs = fc.integer({ min: 0, max: 2_000 });

function watch(runs: readonly Run[]) {
  let nowMs = 0;
  return runs.reduce((watch, { isSlow, gapMs }) => {
    nowMs += gapMs;
    return watchRun(watch, { isSlow, nowMs });
  }, NO_SPELLS);
}

test('runs of which none is slow are never lastingly slow, however they come', () => {
  fc.assert(
    fc.property(fc.array(gapMs), (gaps) => {
      expect(isLastinglySlow(watch(gaps.map((gapMs) => ({ isSlow: false, gapMs }))))).toBe(false);
    }),
  );
});

test('some seconds of nothing but slow runs are', () => {
  const slow = fc.integer({ min: 10, max: 2_000 }).map((gapMs) => ({ isSlow: true, gapMs }));
  fc.assert(
    fc.property(fc.array(slow, { minLength: 600, maxLength: 700 }), (runs) => {
      expect(isLastinglySlow(watch(runs))).toBe(true);
    }),
  );
});

test('a burst of slow runs is not, however many', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), (count) => {
      const burst = Array.from({ length: count }, () => ({ isSlow: true, gapMs: 4_000 / count }));
      expect(isLastinglySlow(watch(burst))).toBe(false);
    }),
  );
});

test('slow runs among as many others are not', () => {
  fc.assert(
    fc.property(fc.array(gapMs, { maxLength: 1_000 }), (gaps) => {
      const runs = gaps.map((gapMs, i) => ({ isSlow: i % 2 === 1, gapMs }));
      expect(isLastinglySlow(watch(runs))).toBe(false);
    }),
  );
});

test('what comes before a spell that was not slow does not count', () => {
  const fast = Array.from({ length: 20 }, () => ({ isSlow: false, gapMs: 200 }));
  const run = fc.record({ isSlow: fc.boolean(), gapMs });
  fc.assert(
    fc.property(fc.array(run), (before) => {
      expect(watch([...before, ...fast]).slowSpells).toBe(0);
    }),
  );
});
