import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { settlesWithin, startWatch } from './timers.js';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test('after a time in which nothing ran, what comes with the thaw is heard first', async () => {
  // A frozen page: every timer that is due fires at once, once, before anything else is heard.
  const settled = settlesWithin(
    100,
    new Promise<void>((resolve) => setTimeout(resolve, 60)), // an answer that came meanwhile
  );
  vi.runOnlyPendingTimers();
  expect(await settled).toBe(true);
});

test('watches of one delay share a timer, and act once after their time, a fourth later at most', () => {
  const timers = vi.spyOn(globalThis, 'setInterval');
  const acted: string[] = [];
  for (let i = 0; i < 100; i += 1) startWatch(1000, () => acted.push('stopped'))();
  const stop = startWatch(1000, () => acted.push('first'));
  expect(timers).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(249);
  const stopSecond = startWatch(1000, () => acted.push('second'));
  vi.advanceTimersByTime(1000);
  expect(acted).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(acted).toEqual(['first', 'second']);
  vi.advanceTimersByTime(5000);
  expect(acted).toEqual(['first', 'second']);
  stop();
  stopSecond();
  vi.advanceTimersByTime(250);
  expect(vi.getTimerCount()).toBe(0);
});
