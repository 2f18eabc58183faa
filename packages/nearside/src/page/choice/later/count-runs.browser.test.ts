import { deathsKey, peekStore, pointerKey } from '@nearside/artifact';
import { expect, test } from 'vitest';
import { countRuns } from './count-runs.js';
import type { DeviceRecord, Model } from './device-record.js';
import type { VersionRun } from './version-runs.js';

const FAILED = { backend: 'onnx-wasm', ms: undefined, code: 'backend-failed' } as const;

/** A device with a version that came after another one, and as many visits of a page as are asked for. */
async function device(pointer: object = { active: 2, previous: 1 }) {
  const model = { prefix: crypto.randomUUID(), address: { model: 'digits' } } as unknown as Model;
  const record = deathsKey(model.prefix, 'digits');
  await ask((objects) => objects.put(pointer, pointerKey(model.prefix, 'digits')));
  const givenUp: unknown[] = [];
  async function last() {
    const [known] = await ask((objects) => objects.get(record));
    return (known as DeviceRecord | undefined)?.runs.at(-1)?.last ?? [];
  }
  return {
    givenUp,
    visit: () => countRuns(model, (...given) => givenUp.push(given)),
    lose: () => ask((objects) => objects.delete(record)),
    counted: async () => (await last()).length,
    times: async () => (await last()).map(({ ms }) => ms),
  };
}

function failing(count: (run: VersionRun) => void, times: number, sequence = 2): void {
  for (let i = 0; i < times; i += 1) count({ sequence, ...FAILED });
}

test('a version that fails in ten runs of several visits is told to give way, with the code', async () => {
  const { givenUp, visit, counted } = await device();
  for (const n of [4, 5]) failing(visit(), n);
  await expect.poll(counted).toBe(9);
  expect(givenUp).toEqual([]);
  failing(visit(), 1);
  await expect.poll(() => givenUp).toEqual([[2, 'backend-failed']]);
});

test('a version with none before it, and one that another tab has left, are told nothing', async () => {
  const first = await device({ active: 2 });
  failing(first.visit(), 20);
  await expect.poll(first.counted).toBe(20);
  const left = await device({ active: 3, previous: 2 });
  failing(left.visit(), 20);
  await expect.poll(left.counted).toBe(20);
  expect([first.givenUp, left.givenUp]).toEqual([[], []]);
});

test('a store that loses what was counted begins anew', async () => {
  const { givenUp, visit, counted, lose } = await device();
  const count = visit();
  failing(count, 9);
  await expect.poll(counted).toBe(9);
  await lose();
  failing(count, 9);
  await expect.poll(counted).toBe(9);
  expect(givenUp).toEqual([]);
  failing(count, 1);
  await expect.poll(() => givenUp).toHaveLength(1);
});

test('runs of a version that is new no more are written many at a time', async () => {
  const { visit, counted } = await device();
  const count = visit();
  const good = { sequence: 2, backend: 'onnx-wasm', ms: 5, code: undefined } as const;
  for (let i = 0; i < 200; i += 1) count(good);
  await expect.poll(counted).toBe(20);
  const { transact } = countedWrites();
  for (let i = 0; i < 199; i += 1) count(good);
  count({ ...good, sequence: 3 }); // another one is new, and counts at once with those that wait
  await expect.poll(counted).toBe(1);
  expect(transact()).toBeLessThan(4);
});

test('of a version that is new no more a visit leaves its last runs, and not the slow first ones of many visits', async () => {
  const { visit, counted, times } = await device({ active: 2, previous: 1 });
  const run = (ms: number) => ({ sequence: 2, backend: 'onnx-wasm', ms, code: undefined }) as const;
  const count = visit();
  for (let i = 0; i < 200; i += 1) count(run(30));
  await expect.poll(counted).toBe(20);
  const next = visit();
  next(run(300));
  await expect.poll(times).toContain(300);
  for (let i = 0; i < 25; i += 1) next(run(40));
  await expect.poll(times).toEqual(new Array(20).fill(40));
});

/** Transactions that were begun since. */
function countedWrites() {
  const { transaction } = IDBDatabase.prototype;
  let n = 0;
  IDBDatabase.prototype.transaction = function (...given) {
    if (given[1] === 'readwrite') n += 1;
    return transaction.apply(this, given);
  };
  return {
    transact() {
      IDBDatabase.prototype.transaction = transaction;
      return n;
    },
  };
}

async function ask(work: (objects: IDBObjectStore) => IDBRequest): Promise<readonly unknown[]> {
  return (await peekStore('nearside-models', (objects) => [work(objects)])) ?? [];
}
