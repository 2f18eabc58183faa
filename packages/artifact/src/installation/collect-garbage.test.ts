import type { Store } from '@nearside/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMemoryStore } from '../stores/memory-store.js';
import { collectGarbage } from './collect-garbage.js';
import { pointerKey, versionKey } from './record-keys.js';
import type { StoredChunk, VersionRecord } from './version-records.js';

const HOUR_MS = 60 * 60 * 1000;
const NOW_MS = 1_000 * HOUR_MS;

/** Versions of two models in two repositories, which share chunks as versions do. */
interface History {
  readonly versions: readonly {
    readonly repository: number;
    readonly model: number;
    readonly sequence: number;
    readonly state: VersionRecord['state'];
    readonly lastUsedMs: number;
    readonly chunks: readonly number[];
  }[];
  readonly pointers: readonly (readonly [active: number, previous: number, candidate: number])[];
  readonly strayChunks: readonly number[];
  readonly budgetBytes: number;
}

const history: fc.Arbitrary<History> = fc.record({
  versions: fc.uniqueArray(
    fc.record({
      repository: fc.nat(1),
      model: fc.nat(1),
      sequence: fc.integer({ min: 1, max: 5 }),
      state: fc.constantFrom<VersionRecord['state'][]>('proven', 'proven', 'fetching', 'failed'),
      lastUsedMs: fc.integer({ min: 1, max: NOW_MS }),
      chunks: fc.uniqueArray(fc.nat(11), { minLength: 1, maxLength: 5 }),
    }),
    {
      maxLength: 14,
      selector: ({ repository, model, sequence }) => `${repository} ${model} ${sequence}`,
    },
  ),
  pointers: fc.array(fc.tuple(fc.nat(6), fc.nat(6), fc.nat(6)), { minLength: 4, maxLength: 4 }),
  strayChunks: fc.uniqueArray(fc.nat(15), { maxLength: 4 }),
  budgetBytes: fc.oneof(fc.constant(0), fc.nat(4000)),
});

const REPOSITORIES = ['0123456789abcdef', 'fedcba9876543210'];
const MODELS = ['tiny', 'tiny-2'];
const keyOf = (chunk: number) => `c/${`${chunk}`.padStart(64, '0')}`;
const sizeOf = (chunk: number) => 100 + 50 * chunk;
const recordKey = ({ repository, model, sequence }: History['versions'][number]) =>
  versionKey(REPOSITORIES[repository] ?? '', MODELS[model] ?? '', sequence);

async function play({ versions, pointers, strayChunks }: History): Promise<Store> {
  const store = createMemoryStore();
  const set = new Map<string, unknown>([['unrelated', 1]]);
  for (const [i, [active, previous, candidate]] of pointers.entries()) {
    const key = pointerKey(REPOSITORIES[i >> 1] ?? '', MODELS[i & 1] ?? '');
    set.set(key, { active, previous, candidate });
  }
  for (const version of versions) {
    const chunks = version.chunks.map(
      (chunk): StoredChunk => [keyOf(chunk).slice(2), sizeOf(chunk)],
    );
    const record: VersionRecord = {
      bundle: new Uint8Array([1]),
      version: `1.${version.sequence}.0`,
      chunks,
      state: version.state,
      triesLeft: 2,
      provenBy: [],
      lastUsedMs: version.lastUsedMs,
    };
    set.set(recordKey(version), record);
    for (const chunk of version.chunks) set.set(keyOf(chunk), new ArrayBuffer(1));
  }
  for (const chunk of strayChunks) set.set(keyOf(chunk), new ArrayBuffer(1));
  await store.commit({ set });
  return store;
}

/** Of active, previous and candidate versions, and of those that were asked for within the hour. */
function isHeld(version: History['versions'][number], { pointers }: History): boolean {
  const pointer: readonly number[] = pointers[version.repository * 2 + version.model] ?? [];
  const isArriving = version.state === 'fetching' && NOW_MS - version.lastUsedMs < HOUR_MS;
  return pointer.includes(version.sequence) || isArriving;
}

async function collect(store: Store, { budgetBytes }: History) {
  return collectGarbage(store, { budgetBytes, nowMs: NOW_MS });
}

function checkAll(check: (history: History) => Promise<void>): Promise<void> {
  return fc.assert(fc.asyncProperty(history, check), { numRuns: 300 });
}

test('never takes an active, previous or candidate version, nor a chunk of one, whatever the budget', () =>
  checkAll(async (history) => {
    const store = await play(history);
    await collect(store, { ...history, budgetBytes: 0 });
    const kept = new Set(await store.keys(''));
    for (const version of history.versions.filter((version) => isHeld(version, history))) {
      expect(kept).toContain(recordKey(version));
      for (const chunk of version.chunks) expect(kept).toContain(keyOf(chunk));
    }
  }));

test('keeps every chunk that a kept version names, of whatever model or repository, and no other', () =>
  checkAll(async (history) => {
    const store = await play(history);
    await collect(store, history);
    const keys = new Set(await store.keys(''));
    const named = history.versions
      .filter((version) => keys.has(recordKey(version)))
      .filter((version) => version.state !== 'failed' || isHeld(version, history))
      .flatMap(({ chunks }) => chunks.map(keyOf));
    expect([...keys].filter((key) => key.startsWith('c/'))).toEqual([...new Set(named)].sort());
    expect(keys).toContain('unrelated');
  }));

test('takes the least recently used versions first', () =>
  checkAll(async (history) => {
    const store = await play(history);
    await collect(store, history);
    const keys = new Set(await store.keys(''));
    const rest = history.versions.filter(
      (version) => !isHeld(version, history) && version.state !== 'failed',
    );
    const timesOf = (isKept: boolean) =>
      rest.filter((version) => keys.has(recordKey(version)) === isKept).map((v) => v.lastUsedMs);
    expect(Math.max(0, ...timesOf(false))).toBeLessThanOrEqual(Math.min(NOW_MS, ...timesOf(true)));
  }));

test('takes nothing while all versions are within the budget, and tells what it takes', () =>
  checkAll(async (history) => {
    const store = await play(history);
    const before = new Set(await store.keys(''));
    const evicted = await collect(store, history);
    const taken = [...before].filter((key) => key.includes('/v/')).length;
    const left = (await store.keys('')).filter((key) => key.includes('/v/')).length;
    expect(evicted).toHaveLength(taken - left);
    const all = await collectGarbage(await play(history), { budgetBytes: 1e9, nowMs: NOW_MS });
    expect(all).toEqual([]);
  }));

test('the same again takes nothing more', () =>
  checkAll(async (history) => {
    const store = await play(history);
    await collect(store, history);
    const after = await store.keys('');
    expect(await collect(store, history)).toEqual([]);
    expect(await store.keys('')).toEqual(after);
  }));

test.each([
  ['before', false],
  ['after', true],
])(
  'interrupted %s it took effect, it is whole or has not begun, and the next one ends it',
  (_, takesEffect) =>
    checkAll(async (history) => {
      const store = await play(history);
      const before = await store.keys('');
      const die = async () => {
        throw new Error('killed');
      };
      const mortal: Store = {
        ...store,
        commit: (change) => (takesEffect ? store.commit(change).then(die) : die()),
        transact: (keys, decide) => (takesEffect ? store.transact(keys, decide).then(die) : die()),
      };
      await collect(mortal, history).catch(() => {});
      const between = await store.keys('');
      await collect(store, history);
      const whole = await play(history);
      await collect(whole, history);
      const expected = await whole.keys('');
      expect([before, expected]).toContainEqual(between);
      expect(await store.keys('')).toEqual(expected);
    }),
);

test('a version used by a clock that was a year ahead is not held for a year', async () => {
  const version = {
    repository: 0,
    model: 0,
    sequence: 3,
    chunks: [1],
    state: 'fetching' as const,
    lastUsedMs: NOW_MS + 365 * 24 * HOUR_MS,
  };
  const store = await play({ versions: [version], pointers: [], strayChunks: [], budgetBytes: 0 });
  await collectGarbage(store, { budgetBytes: 0, nowMs: NOW_MS });
  expect(await store.keys('c/')).toEqual([]);
});
