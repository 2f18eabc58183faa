import type { ModelSpec } from '@nearside/core';
import { expect, test } from 'vitest';
import type { EngineModel } from './engine-context.js';
import { createMemoryBudget } from './engine-context.js';
import type { SharedWorkers, WorkerStatus } from './shared-workers.js';

const MB = 1_000_000;

interface Loaded {
  readonly name: string;
  readonly megabytes: number;
  readonly lastUsedMs: number;
  readonly mayRest: boolean;
}

/** An engine with these models loaded, each in a worker. */
function loaded(limitMegabytes: number | undefined, given: readonly Loaded[]) {
  const resting: string[] = [];
  const live = given.map(
    ({ megabytes, name }) =>
      ({
        get declaredBytes() {
          return resting.includes(name) ? 0 : megabytes * MB;
        },
      }) as WorkerStatus,
  );
  const models = new Set(
    given.map(({ name, lastUsedMs, mayRest }) => {
      const rest = () => {
        if (mayRest) resting.push(name);
        return mayRest;
      };
      return { name, lastUsedMs, mayRest, rest } as EngineModel;
    }),
  );
  const workers = { live } as unknown as SharedWorkers;
  const limitBytes = limitMegabytes && limitMegabytes * MB;
  return { budget: createMemoryBudget(limitBytes, { workers, models }), resting };
}

const spec = (megabytes: number) =>
  ({ name: 'new', limits: { memoryBytes: megabytes * MB } }) as ModelSpec;

const idle = (name: string, megabytes: number, lastUsedMs: number): Loaded => ({
  name,
  megabytes,
  lastUsedMs,
  mayRest: true,
});

test('without a limit nothing is put to rest', () => {
  const { budget, resting } = loaded(undefined, [idle('a', 1000, 1)]);
  budget.makeRoom(spec(1000));
  expect(resting).toEqual([]);
});

test('the models not used for longest rest first, and no more than it takes', () => {
  const { budget, resting } = loaded(100, [idle('a', 30, 3), idle('b', 30, 1), idle('c', 30, 2)]);
  budget.makeRoom(spec(10));
  expect(resting).toEqual([]);
  budget.makeRoom(spec(50));
  expect(resting).toEqual(['b', 'c']);
});

test('what is in use is not cut; the budget is kept to when it is not in use any more', () => {
  const { budget, resting } = loaded(50, [
    { ...idle('a', 50, 1), mayRest: false },
    idle('b', 30, 2),
  ]);
  budget.makeRoom(spec(30));
  expect(resting).toEqual(['b']);
  expect(budget.usedBytes).toBe(50 * MB);
  expect(budget.hasRoomFor(1)).toBe(false);
});

test('for what can be done without nobody rests', () => {
  const { budget, resting } = loaded(50, [idle('a', 40, 1)]);
  budget.makeRoom(spec(10), true);
  expect(() => budget.makeRoom(spec(11), true)).toThrow(
    expect.objectContaining({ code: 'out-of-memory' }),
  );
  expect(resting).toEqual([]);
});

test('after a call, what was exceeded is brought back', () => {
  const { budget, resting } = loaded(50, [idle('a', 40, 2), idle('b', 30, 1)]);
  budget.settle();
  expect(resting).toEqual(['b']);
});

test('a model that alone needs more is out-of-memory, with both numbers', () => {
  const { budget, resting } = loaded(50, [idle('a', 40, 2)]);
  expect(() => budget.makeRoom(spec(51))).toThrow(
    expect.objectContaining({
      code: 'out-of-memory',
      details: { model: 'new', memoryBytes: 51 * MB, memoryBudgetBytes: 50 * MB },
    }),
  );
  expect(resting).toEqual([]);
});
