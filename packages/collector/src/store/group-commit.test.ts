import { NearsideError } from '@nearside/core';
import { expect, test } from 'vitest';
import type { Contribution } from '../counting/contribution.js';
import { sampleContribution } from '../testing/sample-report.js';
import { createGroupCommit } from './group-commit.js';
import type { Outcome } from './rollup-store.js';

function storeThat(add: (batch: readonly Contribution[]) => Outcome[]) {
  const batches: number[] = [];
  return {
    batches,
    add: async (batch: readonly Contribution[]) => {
      batches.push(batch.length);
      return add(batch);
    },
  };
}

test('reports that arrive together share a commit, and each has its own answer', async () => {
  const store = storeThat((batch) => batch.map((_, i) => (i === 1 ? 'duplicate' : 'counted')));
  const count = createGroupCommit(store);
  const all = [0, 1, 2].map(() => count(sampleContribution()));
  expect(await Promise.all(all)).toEqual(['counted', 'duplicate', 'counted']);
  expect(store.batches).toEqual([3]);
  await count(sampleContribution());
  expect(store.batches).toEqual([3, 1]);
});

test('a report that fails does not fail those beside it', async () => {
  const bad = sampleContribution();
  const store = storeThat((batch) => {
    if (batch.includes(bad)) throw new Error('no');
    return batch.map(() => 'counted');
  });
  const count = createGroupCommit(store);
  const ended = await Promise.allSettled([count(sampleContribution()), count(bad)]);
  expect(ended).toMatchObject([{ value: 'counted' }, { reason: { message: 'no' } }]);
});

test('a file that is locked is asked once for all, and not once for each', async () => {
  const store = storeThat(() => {
    throw new NearsideError('store-unavailable', 'locked', { retryable: true });
  });
  const count = createGroupCommit(store);
  const all = Array.from({ length: 8 }, () => count(sampleContribution()));
  const ended = await Promise.allSettled(all);
  expect(ended.every(({ status }) => status === 'rejected')).toBe(true);
  expect(store.batches).toEqual([8]);
});

test('a crowd is divided, so that others have their turn in between', async () => {
  const store = storeThat((batch) => batch.map(() => 'counted'));
  const count = createGroupCommit(store);
  const all = Array.from({ length: 600 }, () => count(sampleContribution()));
  expect(new Set(await Promise.all(all))).toEqual(new Set(['counted']));
  expect(store.batches).toEqual([256, 256, 88]);
});

test('what arrives while a store takes its time becomes larger groups, and not more of them at once', async () => {
  const batches: number[] = [];
  const commits: (() => void)[] = [];
  const count = createGroupCommit({
    async add(batch) {
      batches.push(batch.length);
      await new Promise<void>((resolve) => commits.push(resolve));
      return batch.map(() => 'counted');
    },
  });
  const all: Promise<Outcome>[] = [];
  for (let i = 0; i < 40; i += 1) {
    all.push(count(sampleContribution()));
    await new Promise(setImmediate);
  }
  expect(batches).toEqual([1, 1, 1, 1]);
  for (const commit of commits.splice(0)) commit();
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  expect(batches).toEqual([1, 1, 1, 1, 36]);
  for (const commit of commits.splice(0)) commit();
  expect(new Set(await Promise.all(all))).toEqual(new Set(['counted']));
});
