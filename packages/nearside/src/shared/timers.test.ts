import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { settlesWithin, startAwakeTimer } from './timers.js';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test('it acts once, after its time', () => {
  const acted: string[] = [];
  startAwakeTimer(100, () => acted.push('acted'));
  vi.advanceTimersByTime(99);
  expect(acted).toEqual([]);
  vi.advanceTimersByTime(1000);
  expect(acted).toEqual(['acted']);
});

test('it can be stopped in either half', () => {
  const acted: string[] = [];
  const stopFirst = startAwakeTimer(100, () => acted.push('first'));
  stopFirst();
  const stopSecond = startAwakeTimer(100, () => acted.push('second'));
  vi.advanceTimersByTime(60);
  stopSecond();
  vi.advanceTimersByTime(1000);
  expect(acted).toEqual([]);
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

test('a time beyond what a timer can count is never over, rather than at once', () => {
  const acted: number[] = [];
  for (const delayMs of [Number.POSITIVE_INFINITY, 5e9]) {
    startAwakeTimer(delayMs, () => acted.push(delayMs));
  }
  vi.advanceTimersByTime(2 ** 31);
  expect(acted).toEqual([]);
});
