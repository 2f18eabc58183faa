import { expect, onTestFinished, test, vi } from 'vitest';
import { openSqliteRollupStore } from '../sqlite/sqlite-rollup-store.js';
import type { RollupStore } from '../store/rollup-store.js';
import { factsOf } from '../testing/fleet-store.js';
import { createModels } from './models.js';

function openStore(): RollupStore {
  const store = openSqliteRollupStore(':memory:');
  onTestFinished(() => store.close());
  return store;
}

const facts = (version: string, revision: number) =>
  factsOf([{ model: 'digits', version, state: 'stable', rollout: null }], revision);

test('facts of an older revision than the store has are not used, and a line says so', async () => {
  const store = openStore();
  await store.keepFacts(facts('1.3.0', 8), 1);
  const errors: string[] = [];
  const models = await createModels(store, facts('1.2.0', 7), {
    now: () => 2,
    onError: (error) => errors.push(String(error)),
    onFold: () => {},
  });
  expect(models.facts()).toEqual(facts('1.3.0', 8));
  expect(errors).toEqual([expect.stringMatching(/revision 7 were not used.*revision 8/)]);
});

test('a collector follows facts that another one was given, and gives its own later where the store was away', async () => {
  const store = openStore();
  let isAway = true;
  const away: RollupStore = {
    ...store,
    keepFacts: (...given) => {
      return isAway ? Promise.reject(new Error('away')) : store.keepFacts(...given);
    },
  };
  const options = { now: () => 2, onError: () => {}, onFold: () => {} };
  const models = await createModels(away, facts('1.2.0', 7), options);
  expect(models.facts()).toEqual(facts('1.2.0', 7));
  isAway = false;
  await models.follow();
  expect(await store.facts()).toEqual(facts('1.2.0', 7));
  await store.keepFacts(facts('1.3.0', 8), 3);
  await models.follow();
  expect(models.facts()).toEqual(facts('1.3.0', 8));
});

test('facts that come while others are written down are written after them, and are given again alone', async () => {
  const store = openStore();
  const given: (number | null | undefined)[] = [];
  let failing = 9;
  let isFirstKept = false;
  const slow: RollupStore = {
    ...store,
    async keepFacts(own, nowMs) {
      given.push(own.revision);
      if (own.revision === failing) throw new Error('away');
      const kept = store.keepFacts(own, nowMs);
      if (own.revision === 8) await new Promise((next) => setTimeout(next, 20));
      isFirstKept = true;
      return kept;
    },
  };
  const options = { now: () => 2, onError: () => {}, onFold: () => {} };
  const models = await createModels(slow, undefined, options);
  models.use(facts('1.2.0', 8));
  models.use(facts('1.3.0', 9));
  await models.follow();
  await vi.waitFor(() => expect(isFirstKept).toBe(true));
  expect(models.facts()).toEqual(facts('1.3.0', 9));
  failing = 0;
  await models.follow();
  expect(given).toEqual([8, 9, 9, 9]);
  expect(await store.facts()).toEqual(facts('1.3.0', 9));
});
