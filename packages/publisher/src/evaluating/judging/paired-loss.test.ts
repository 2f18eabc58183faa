import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { findPython } from '../../testing/python.js';
import { itemsToDecide, leastItems, openVerdicts, pairedLoss, verdictOf } from './paired-loss.js';

const PYTHON = findPython('numpy');
const NOTE = PYTHON ? '' : ' (skipped: no python3 with numpy)';

describe('the loss of a candidate', () => {
  test('is the share that its original alone got right, less what it alone did', () => {
    const { loss, low, high } = pairedLoss({ items: 200, lost: 8, gained: 2 });
    expect(loss).toBeCloseTo(0.03, 12);
    expect(low).toBeLessThan(loss);
    expect(high).toBeGreaterThan(loss);
  });

  test('has the same interval the other way round', () => {
    const one = pairedLoss({ items: 90, lost: 12, gained: 5 });
    const other = pairedLoss({ items: 90, lost: 5, gained: 12 });
    expect(other.low).toBeCloseTo(-one.high, 9);
    expect(other.high).toBeCloseTo(-one.low, 9);
  });

  test('is known to z² / (n + z²) where no item differs', () => {
    const { loss, low, high } = pairedLoss({ items: 381, lost: 0, gained: 0 });
    expect([loss, low]).toEqual([0, -high]);
    expect(high).toBeCloseTo(3.8414588 / (381 + 3.8414588), 8);
  });

  test('that is one of a thousand has a wider interval, of 4.056 deviations', () => {
    const z = 4.0556; // of scipy.stats.norm.isf(0.025 / 1000)
    const { high } = pairedLoss({ items: 381, lost: 0, gained: 0 }, 1000);
    expect(high).toBeCloseTo(z ** 2 / (381 + z ** 2), 4);
  });

  test.skipIf(!PYTHON)(`has the bounds that python finds by the likelihood alone${NOTE}`, () => {
    const cases = [
      [50, 12, 2],
      [30, 0, 0],
      [200, 8, 2],
      [300, 0, 3],
      [1000, 41, 17],
      [20, 20, 0],
    ];
    const { stdout, stderr } = spawnSync(PYTHON ?? '', ['-c', LIKELIHOOD], {
      input: JSON.stringify(cases),
      encoding: 'utf8',
    });
    const bounds = JSON.parse(stdout || `"${stderr}"`);
    for (const [i, [items = 0, lost = 0, gained = 0]] of cases.entries()) {
      const { low, high } = pairedLoss({ items, lost, gained });
      expect(low).toBeCloseTo(bounds[i][0], 3);
      expect(high).toBeCloseTo(bounds[i][1], 3);
    }
  });

  test.each([
    { items: 0, lost: 0, gained: 0 },
    { items: 5, lost: 4, gained: 2 },
    { items: 5, lost: -1, gained: 0 },
    { items: 5.5, lost: 0, gained: 0 },
  ])('is refused of counts that no items have: %o', (counts) => {
    expect(() => pairedLoss(counts)).toThrow(RangeError);
  });
});

describe('a verdict', () => {
  test('passes what is surely within the margin, refuses what is surely above', () => {
    const of = (lost: number, items: number) =>
      verdictOf(pairedLoss({ items, lost, gained: 0 }), 0.02);
    expect(of(0, 300)).toBe('passed');
    expect(of(2, 300)).toBe('undecided');
    expect(of(20, 300)).toBe('refused');
  });

  test.each([0.01, 0.02, 0.05])(
    'without a single difference needs so many items at a margin of %d, and no fewer',
    (maxLoss) => {
      const least = leastItems(maxLoss);
      const of = (items: number) => verdictOf(pairedLoss({ items, lost: 0, gained: 0 }), maxLoss);
      expect([of(least), of(least - 1)]).toEqual(['passed', 'undecided']);
      expect(leastItems(0.01)).toBe(381);
      expect(leastItems(0.02)).toBe(189);
    },
  );

  test('says how many items would decide it', () => {
    const items = itemsToDecide({ items: 300, lost: 4, gained: 2 }, 0.02) ?? 0;
    expect(items).toBeGreaterThan(300);
    const scaled = { items, lost: Math.round(items / 75), gained: Math.round(items / 150) };
    expect(verdictOf(pairedLoss(scaled), 0.02)).toBe('passed');
    expect(itemsToDecide({ items: 300, lost: 6, gained: 0 }, 0.02)).toBeUndefined();
  });

  test.each([0.02, 0.01, 0.0001])(
    'of equal answers is decided at %d by the fewest items that pass',
    (maxLoss) => {
      const equal = { items: 20, lost: 0, gained: 0 };
      expect(itemsToDecide(equal, maxLoss)).toBe(leastItems(maxLoss));
    },
  );

  test('of few items passes where the candidate gained enough', () => {
    expect(leastItems(0.02)).toBeGreaterThan(60);
    expect(verdictOf(pairedLoss({ items: 60, lost: 0, gained: 6 }), 0.02)).toBe('passed');
  });

  test.each([
    { items: 3, lost: 1, gained: 2 },
    { items: 7, lost: 3, gained: 4 },
    { items: 11, lost: 0, gained: 0 },
  ])('says for %o how many items would decide', (counts) => {
    const items = itemsToDecide(counts, 0.02) ?? Number.NaN;
    expect(items).toBeGreaterThan(counts.items);
    expect(Number.isInteger(items)).toBe(true);
  });

  test('is settled as soon as no rest can change it', () => {
    const open = (items: number, lost: number, may: { lose: number; gain: number }) => {
      const rest = { items: 300 - items, mayLose: may.lose, mayGain: may.gain };
      const { best, worst } = openVerdicts({ items, lost, gained: 0 }, rest, 0.02);
      return best === worst ? best : `${best} or ${worst}`;
    };
    expect(open(290, 0, { lose: 10, gain: 0 })).toBe('passed or undecided');
    expect(open(300, 0, { lose: 0, gain: 0 })).toBe('passed');
    expect(open(200, 150, { lose: 100, gain: 100 })).toBe('refused');
    expect(open(30, 20, { lose: 270, gain: 270 })).toBe('passed or refused');
    expect(open(30, 20, { lose: 270, gain: 0 })).toBe('refused');
  });

  test('never gets better with an item lost, nor worse with one gained', () => {
    for (const items of [5, 60, 400]) {
      for (let lost = 0; lost < Math.min(items, 20); lost += 1) {
        for (let gained = 0; lost + gained < Math.min(items, 20); gained += 1) {
          const { low, high } = pairedLoss({ items, lost, gained });
          const worse = pairedLoss({ items, lost: lost + 1, gained });
          const better = pairedLoss({ items, lost, gained: gained + 1 });
          expect(worse.low >= low && worse.high >= high).toBe(true);
          expect(better.low <= low && better.high <= high).toBe(true);
        }
      }
    }
  });

  test('of a loss as large as the margin passes at most 3 times in 100', () => {
    let seed = 7;
    const random = () => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return seed / 2 ** 32;
    };
    let passed = 0;
    for (let folder = 0; folder < 2000; folder += 1) {
      let [lost, gained] = [0, 0];
      for (let i = 0; i < 400; i += 1) {
        const draw = random();
        if (draw < 0.03) lost += 1;
        else if (draw < 0.04) gained += 1;
      }
      if (verdictOf(pairedLoss({ items: 400, lost, gained }), 0.02) === 'passed') passed += 1;
    }
    expect(passed / 2000).toBeLessThan(0.035);
  });
});

/** Maximises the likelihood of the counts under each difference over a grid, and takes the score test from it. */
const LIKELIHOOD = `
import json, sys
import numpy as np

def statistic(n, b, c, d):
    shares = np.linspace(max(0, -d), (1 - d) / 2, 20_001)[1:-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        likely = np.zeros_like(shares)
        for count, share in [(b, shares + d), (c, shares), (n - b - c, 1 - 2 * shares - d)]:
            likely += count * np.log(share) if count else 0
    share = shares[np.nanargmax(likely)]
    variance = (2 * share + d - d * d) / n
    return abs((b - c) / n - d) / np.sqrt(variance)

def bound(n, b, c, end):
    inside, outside = (b - c) / n, end
    for _ in range(24):
        middle = (inside + outside) / 2
        if statistic(n, b, c, middle) < 1.959963984540054:
            inside = middle
        else:
            outside = middle
    return inside

print(json.dumps([[bound(n, b, c, -1), bound(n, b, c, 1)] for n, b, c in json.load(sys.stdin)]))
`;
