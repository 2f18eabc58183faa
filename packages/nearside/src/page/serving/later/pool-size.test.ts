import { expect, test } from 'vitest';
import { createPoolSize, POOL_LIMITS } from './pooled-serving.js';

/** A pool that does as it is told, under a load given step by step. */
function drive({ min = 1, max = 4 } = {}) {
  const size = createPoolSize({ min, max });
  let workers = 1;
  let nowMs = 0;
  const changes: string[] = [];
  return {
    /** For so long, `demand` workers' worth of work is there; beyond the pool's size it waits. */
    load(demand: number, forMs: number, stepMs = 50) {
      for (const endMs = nowMs + forMs; nowMs < endMs; nowMs += stepMs) {
        const busy = Math.min(workers, Math.ceil(demand));
        const decision = size.look({ nowMs, workers, busy, waiting: demand > workers ? 10 : 0 });
        if (decision === 'grow') workers += 1;
        if (decision === 'shrink') workers -= 1;
        if (decision !== 'stay') changes.push(decision);
      }
    },
    get workers() {
      return workers;
    },
    changes,
  };
}

test('it grows one by one while calls wait, up to its limit', () => {
  const pool = drive();
  pool.load(100, POOL_LIMITS.growAfterMs);
  expect(pool.workers).toBe(1);
  pool.load(100, 10_000);
  expect(pool.workers).toBe(4);
});

test('a moment of waiting is no reason to grow', () => {
  const pool = drive();
  for (let i = 0; i < 20; i += 1) {
    pool.load(2, 50);
    pool.load(1, 50);
  }
  expect(pool.workers).toBe(1);
});

test('it shrinks one by one after the cooldown, and never below its least', () => {
  const pool = drive({ min: 1 });
  pool.load(100, 10_000);
  pool.load(0, POOL_LIMITS.cooldownMs - 1_000);
  expect(pool.workers).toBe(4);
  pool.load(0, 2_000);
  expect(pool.workers).toBe(3);
  pool.load(0, 5 * POOL_LIMITS.cooldownMs);
  expect(pool.workers).toBe(1);
});

test('a steady load finds its size and keeps it', () => {
  const pool = drive();
  pool.load(2.5, 600_000);
  expect(pool.workers).toBe(3);
  expect(pool.changes).toEqual(['grow', 'grow']);
});

test('a load that comes and goes makes it wait longer before it shrinks', () => {
  const pool = drive({ max: 2 });
  for (let i = 0; i < 20; i += 1) {
    pool.load(2, 5_000);
    pool.load(0, POOL_LIMITS.cooldownMs + 5_000);
  }
  // Once it has regretted it, the same pauses do not make it shrink any more.
  expect(pool.changes).toEqual(['grow', 'shrink', 'grow']);
});

test('a pool of a fixed size only fills up', () => {
  const pool = drive({ min: 3, max: 3 });
  pool.load(0, 600_000);
  expect(pool.changes).toEqual(['grow', 'grow']);
});
