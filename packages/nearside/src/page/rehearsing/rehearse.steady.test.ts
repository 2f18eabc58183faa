import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { timeUntilSteady } from './rehearse.js';

let nowMs = 0;

beforeEach(() => {
  nowMs = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** A run whose n-th call takes so long. */
function running(timeOf: (n: number) => number) {
  let calls = 0;
  const run = async () => {
    const ms = timeOf(calls);
    calls += 1;
    nowMs += ms;
    return ms;
  };
  return { run, calls: () => calls };
}

test('runs before the last step towards speed do not count', async () => {
  const { run } = running((n) => (n < 14 ? 140 : 20));
  expect(await timeUntilSteady(run, 60_000)).toBe(20);
});

test('a step after a dozen slow runs is waited for', async () => {
  const { run, calls } = running((n) => (n < 12 ? 100 : 40));
  expect(await timeUntilSteady(run, 60_000)).toBe(40);
  expect(calls()).toBeLessThan(50);
});

test('what makes single runs longer moves no median', async () => {
  const { run } = running((n) => (n % 5 === 0 ? 90 : 10));
  expect(await timeUntilSteady(run, 60_000)).toBe(10);
});

test('short runs are timed in bursts, and go on for a second', async () => {
  const { run } = running(() => 0.5);
  expect(await timeUntilSteady(run, 60_000)).toBe(0.5);
  expect(nowMs).toBeGreaterThanOrEqual(1000);
  expect(nowMs).toBeLessThan(1100);
});

test('with no time at all one run is timed', async () => {
  const { run, calls } = running(() => 700);
  expect(await timeUntilSteady(run, 0)).toBe(700);
  expect(calls()).toBe(1);
});

test('a clock that stands still ends no later than others', async () => {
  let calls = 0;
  const run = async () => {
    calls += 1;
    nowMs += 0.2;
    return 0;
  };
  expect(await timeUntilSteady(run, 60_000)).toBe(0);
  expect(calls).toBeLessThan(10_000);
});
