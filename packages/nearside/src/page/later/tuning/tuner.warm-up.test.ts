import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { warmUp } from './tuner.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Runs that take `msOf` their index, ms. @returns how many there were */
async function runsOf(msOf: (index: number) => number): Promise<number> {
  let runs = 0;
  await warmUp({
    async time() {
      const ms = msOf(runs);
      runs += 1;
      vi.advanceTimersByTime(ms);
      return ms;
    },
    idle: async () => {},
  });
  return runs;
}

test('a model whose runs take the same from the first one on is run twenty times', async () => {
  expect(await runsOf(() => 4)).toBe(20);
});

test('one that becomes faster is run until five runs take what five before them took', async () => {
  const runs = await runsOf((index) => (index < 16 ? 40 : 15));
  expect(runs).toBeGreaterThanOrEqual(23);
  expect(runs).toBeLessThanOrEqual(26);
});

test('it ends after two seconds, however long a run takes; runs that take no time end it too', async () => {
  expect(await runsOf(() => 300)).toBe(7);
  const times = [0, 10, 0, 0, 0, 0, 0];
  expect(await runsOf((index) => times[index % 7] as number)).toBeLessThanOrEqual(500);
});

test('every run waits until the page is idle, and what is aborted runs no more', async () => {
  const left = new Error('left');
  let runs = 0;
  const idle = async () => {
    if (runs === 3) throw left;
  };
  const time = async () => {
    runs += 1;
    return 1;
  };
  await expect(warmUp({ time, idle })).rejects.toBe(left);
  expect(runs).toBe(3);
});
