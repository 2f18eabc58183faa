import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startAwakeTimer } from './awake-timer.js';

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

test('a time beyond what a timer can count is never over, rather than at once', () => {
  const acted: number[] = [];
  for (const delayMs of [Number.POSITIVE_INFINITY, 5e9]) {
    startAwakeTimer(delayMs, () => acted.push(delayMs));
  }
  vi.advanceTimersByTime(2 ** 31);
  expect(acted).toEqual([]);
});
