import { expect, test } from 'vitest';
import type { Progress } from '../shared/api/open-options.js';
import { createLoadProgress } from './load-progress.js';

function record() {
  const seen: Progress[] = [];
  return { seen, progress: createLoadProgress((progress) => seen.push(progress)) };
}

test('a runtime that comes before the weights are announced says nothing of how far it is', () => {
  const { seen, progress } = record();
  progress.enter('metadata');
  progress.expect('runtime', 3_000_000);
  progress.arrive('runtime', 3_000_000);
  expect(seen.at(-1)).toMatchObject({ ratio: 0.05, loadedBytes: 3_000_000, bytesPerSecond: 0 });
  progress.expect('weights', 9_000_000);
  progress.arrive('weights', 3_000_000);
  expect(seen.at(-1)?.ratio).toBeCloseTo(0.05 + 0.85 / 2);
});

test('the ratio never falls, and ends at 1', () => {
  const { seen, progress } = record();
  progress.enter('metadata');
  progress.expect('weights', 100);
  progress.arrive('weights', 90);
  progress.expect('runtime', 1_000);
  progress.arrive('weights', 10);
  progress.arrive('runtime', 1_000);
  progress.enter('check');
  progress.finish();
  const ratios = seen.map(({ ratio }) => ratio);
  expect(ratios).toEqual(ratios.toSorted((a, b) => a - b));
  expect(ratios.at(-1)).toBe(1);
});
