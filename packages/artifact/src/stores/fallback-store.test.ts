import { NearsideError, type Store } from '@nearside/core';
import { expect, test } from 'vitest';
import { storeConformance } from '../testing/store-conformance.js';
import { withMemoryFallback } from './fallback-store.js';
import { createMemoryStore } from './memory-store.js';

storeConformance('a store that can fall back to memory, but need not', async () => {
  const store = withMemoryFallback(createMemoryStore());
  return { open: () => store };
});

storeConformance('a store that has fallen back to memory', async () => {
  const store = withMemoryFallback(fullStore(createMemoryStore()));
  await store.commit({ set: new Map([['x', 1]]) });
  await store.commit({ delete: ['x'] });
  return { open: () => store };
});

function fullStore(store: Store): Store {
  const full = async () => {
    throw new NearsideError('quota-exceeded', 'full');
  };
  return { ...store, commit: full, transact: full };
}

test('what the full store below still holds stays readable, and newer values hide it', async () => {
  const below = createMemoryStore();
  await below.commit({
    set: new Map([
      ['old', 1],
      ['kept', 2],
    ]),
  });
  const store = withMemoryFallback(fullStore(below));
  await store.commit({ set: new Map([['old', 10]]), delete: ['kept'] });
  expect(store.degraded?.code).toBe('quota-exceeded');
  expect(await store.get('old')).toBe(10);
  expect(await store.get('kept')).toBeUndefined();
  expect(await store.keys('')).toEqual(['old']);
  expect(await below.get('old')).toBe(1);
});

test('making room lets a write through once, without going to memory', async () => {
  const below = createMemoryStore();
  let room = false;
  const store = withMemoryFallback(
    {
      ...below,
      commit: (change) => (room ? below.commit(change) : fullStore(below).commit(change)),
    },
    async () => {
      room = true;
      return true;
    },
  );
  await store.commit({ set: new Map([['k', 1]]) });
  expect(store.degraded).toBeUndefined();
  expect(await below.get('k')).toBe(1);
});

test('a store that cannot even be read works as an empty one', async () => {
  const broken = async () => {
    throw new NearsideError('store-unavailable', 'blocked');
  };
  const memory = createMemoryStore();
  const store = withMemoryFallback({ ...memory, get: broken, keys: broken, commit: broken });
  expect(await store.get('k')).toBeUndefined();
  await store.commit({ set: new Map([['k', 1]]) });
  expect(await store.get('k')).toBe(1);
  expect(store.degraded?.code).toBe('store-unavailable');
});
