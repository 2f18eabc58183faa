import { expect, test } from 'vitest';
import { LEAST_PAIRS, MOST_PAIRS } from './compare-times.js';
import { ServingFailed, timeBeside } from './time-beside.js';

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
  const { comparison } = await timeBeside({ serving, contender, limitMs: 1_000, idle });
  expect(comparison).toEqual({ servingMs: 10, contenderMs: 2, isFaster: true });
  expect([serving.asked, contender.asked]).toEqual([LEAST_PAIRS + 1, LEAST_PAIRS + 1]);
});

test('a close race takes all pairs', async () => {
  const contender = steady(9.5);
  const { comparison } = await timeBeside({ serving: steady(10), contender, limitMs: 1_000, idle });
  expect(comparison?.isFaster).toBe(false);
  expect(contender.asked).toBe(MOST_PAIRS + 1);
});

test('a contender that never answers costs no more than the limit', async () => {
  const contender = { time: () => new Promise<number>(() => {}) };
  const { comparison } = await timeBeside({
    serving: steady(1),
    contender,
    limitMs: 30,
    idle,
  });
  expect(comparison).toBeUndefined();
});

test('whose failure it was can be told', async () => {
  const broken = { time: () => Promise.reject(new Error('broken')) };
  const options = { limitMs: 1_000, idle };
  await expect(
    timeBeside({ serving: broken, contender: steady(1), ...options }),
  ).rejects.toBeInstanceOf(ServingFailed);
  await expect(timeBeside({ serving: steady(1), contender: broken, ...options })).rejects.toThrow(
    'broken',
  );
});
