import { expect, test, vi } from 'vitest';
import {
  CLOSE_PAIRS,
  createTuningBudget,
  LEAST_PAIRS,
  ServingFailed,
  timeBeside,
} from './time-beside.js';

/** So long for all runs, ms. */
const budgetOf = (maxMs: number) =>
  createTuningBudget(
    { maxBytes: 0, maxMs },
    { missingBytes: {}, cachedRuntimes: new Set(), isCommon: false },
  );

const idle = async () => {};
/** A worker that always takes as long. */
const steady = (timeMs: number) => {
  const worker = {
    asked: 0,
    async time() {
      worker.asked += 1;
      return timeMs;
    },
  };
  return worker;
};

test('a clear difference is seen after the least pairs, and a warm-up is not counted', async () => {
  const [serving, contender] = [steady(10), steady(2)];
  const comparison = await timeBeside({ serving, contender, budget: budgetOf(1_000), idle });
  expect(comparison).toEqual({ servingMs: 10, contenderMs: 2, isFaster: true });
  expect([serving.asked, contender.asked]).toEqual([LEAST_PAIRS + 1, LEAST_PAIRS + 1]);
});

test('a close race takes more pairs', async () => {
  const contender = steady(9.5);
  const comparison = await timeBeside({
    serving: steady(10),
    contender,
    budget: budgetOf(1_000),
    idle,
  });
  expect(comparison?.isFaster).toBe(false);
  expect(contender.asked).toBe(CLOSE_PAIRS + 1);
});

test('a contender that never answers costs no more than the limit', async () => {
  const contender = { time: () => new Promise<number>(() => {}) };
  const comparison = await timeBeside({
    serving: steady(1),
    contender,
    budget: budgetOf(30),
    idle,
  });
  expect(comparison).toBeUndefined();
});

test('whose failure it was can be told', async () => {
  const broken = { time: () => Promise.reject(new Error('broken')) };
  const options = { budget: budgetOf(1_000), idle };
  await expect(
    timeBeside({ serving: broken, contender: steady(1), ...options }),
  ).rejects.toBeInstanceOf(ServingFailed);
  await expect(timeBeside({ serving: steady(1), contender: broken, ...options })).rejects.toThrow(
    'broken',
  );
});

test('what runs take is spent, that of one that fails too', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const budget = budgetOf(1_000);
  const failing = {
    async time(): Promise<number> {
      vi.advanceTimersByTime(700);
      throw new Error('broken');
    },
  };
  const timing = timeBeside({ serving: steady(1), contender: failing, budget, idle });
  await timing.catch(() => {});
  vi.useRealTimers();
  expect(budget.leftMs).toBe(300);
});
