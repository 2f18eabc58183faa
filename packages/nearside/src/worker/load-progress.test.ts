import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Progress } from '../shared/api/open-options.js';
import { createLoadProgress, type OwnFile, readOwnFile } from './load-progress.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const OWN_FILE: OwnFile = { sizeBytes: 100_000, bytesPerSecond: 400_000 };

function record(ownFile?: OwnFile) {
  const seen: Progress[] = [];
  return { seen, progress: createLoadProgress((progress) => seen.push(progress), ownFile) };
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

test('while a runtime comes unseen the ratio goes on at the pace of the worker’s file, and never ends before it', () => {
  const { seen, progress } = record(OWN_FILE);
  progress.enter('metadata');
  expect(seen.at(-1)).toMatchObject({ ratio: 0, loadedBytes: 100_000, totalBytes: 100_000 });
  progress.expect('runtime', 2_000_000);
  const stop = progress.comesUnseen(1_600_000); // as it turns out
  vi.advanceTimersByTime(400); // half as far as if these were all bytes
  expect(seen.at(-1)).toMatchObject({
    phase: 'metadata',
    ratio: expect.closeTo(0.05 + 0.85 / 20),
  });
  progress.expect('weights', 0);
  vi.advanceTimersByTime(1_600);
  expect(seen.at(-1)).toMatchObject({ phase: 'runtime', loadedBytes: 100_000 });
  expect(seen.at(-1)?.ratio).toBeCloseTo(0.05 + (0.85 * 9) / 17);
  for (let second = 0; second < 60; second += 1) {
    const before = seen.at(-1)?.ratio ?? 0;
    vi.advanceTimersByTime(1_000);
    expect(seen.at(-1)?.ratio).toBeGreaterThan(before);
  }
  expect(seen.at(-1)?.ratio).toBeLessThan(0.9);
  stop();
  progress.arrive('runtime');
  expect(seen.at(-1)).toMatchObject({ ratio: 0.9, loadedBytes: 1_700_000 });
  vi.advanceTimersByTime(1_000);
  expect(seen.at(-1)?.phase).toBe('runtime');
});

test('a runtime that came beside the worker’s file has come as far as that, and has the whole line from then on', () => {
  const { seen, progress } = record(OWN_FILE);
  progress.expect('runtime', 2_000_000);
  progress.expect('weights', 0);
  const stop = progress.comesUnseen(1_600_000, true);
  vi.advanceTimersByTime(1_000);
  expect(seen.at(-1)?.ratio).toBeCloseTo(0.05 + (0.85 * (1 + 1 + 8)) / 17);
  stop();
});

test('weights have half of the line while a runtime comes beside them', () => {
  const { seen, progress } = record();
  progress.expect('runtime', 1_000_000);
  progress.expect('weights', 1_000_000);
  const stop = progress.comesUnseen(0);
  vi.advanceTimersByTime(400); // of 1 MB a second, where nothing is known of the line
  expect(seen.at(-1)).toMatchObject({ phase: 'weights' });
  expect(seen.at(-1)?.ratio).toBeCloseTo(0.05 + 0.85 * 0.1);
  stop();
});

const COME = {
  encodedBodySize: 94_600,
  transferSize: 94_900,
  responseStart: 100,
  responseEnd: 300,
};

test('the pace of the worker’s file leaves out what comes with the headers', () => {
  expect(readOwnFile(JSON.stringify([COME]))).toEqual({
    sizeBytes: 94_600,
    bytesPerSecond: 400_000,
  });
});

test('a worker’s file from a cache, from another origin, or unknown says nothing of the line', () => {
  const unknown = { sizeBytes: 0, bytesPerSecond: 0 };
  const checked = { ...COME, transferSize: 300 };
  const elsewhere = { encodedBodySize: 0, transferSize: 0, responseStart: 0, responseEnd: 300 };
  for (const timing of [checked, elsewhere]) {
    expect(readOwnFile(JSON.stringify([timing]))).toEqual(unknown);
  }
  expect(readOwnFile('[]')).toEqual(unknown);
  expect(readOwnFile(undefined)).toEqual(unknown);
});
