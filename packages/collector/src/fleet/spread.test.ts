import { expect, test } from 'vitest';
import { DEFAULT_TARGETS } from '../files/targets.js';
import {
  type DeviceReport,
  fleetQuery,
  HOUR_MS,
  MONDAY_MS,
  storeOf,
} from '../testing/fleet-store.js';
import { fleetSpread } from './spread.js';

// both are bounds of buckets
const TARGETS = { ...DEFAULT_TARGETS, p95Ms: 32, p99Ms: 128 };
const QUERY = fleetQuery(MONDAY_MS, MONDAY_MS + 3 * HOUR_MS);
const EVERYBODY = { targets: TARGETS, minDevices: 1 };

function report(hour: number, more: Partial<DeviceReport>): DeviceReport {
  return { atMs: MONDAY_MS + hour * HOUR_MS, g: 3, ...more };
}

test('results are counted in bands of the targets and in rows of √2, step by step', async () => {
  const store = await storeOf([
    report(0, { ok: 5, latencyMs: 32, failed: 2 }),
    report(0, { ok: 3, latencyMs: 33 }),
    report(2, { ok: 4, latencyMs: 128 }),
    report(2, { ok: 1, latencyMs: 129 }),
  ]);
  const { boundsMs, steps } = await fleetSpread(store, QUERY, EVERYBODY);
  // (22.6, 32] holds 32; 33 is in the next row; 128 is a bound itself, 129 in the row above
  expect(boundsMs).toEqual([32, 45.2548, 64, 90.5097, 128, 181.019]);
  expect(steps).toEqual([
    { atMs: MONDAY_MS, good: 5, fair: 3, poor: 0, failed: 2, counts: [5, 3, 0, 0, 0, 0] },
    {
      ...{ atMs: MONDAY_MS + 2 * HOUR_MS, good: 0, fair: 4, poor: 1, failed: 0 },
      counts: [0, 0, 0, 0, 4, 1],
    },
  ]);
  await store.close();
});

test('filters narrow it by version, backend and class of device', async () => {
  const store = await storeOf([
    report(0, { ok: 5, device: 'phone', version: '1.0.0' }),
    report(0, { ok: 6, device: 'tablet', version: '1.0.0' }),
    report(0, { ok: 7, device: 'phone', version: '1.1.0' }),
  ]);
  const good = async (filter: object) => {
    const { steps } = await fleetSpread(store, { ...QUERY, ...filter }, EVERYBODY);
    return steps.map((step) => step.good);
  };
  expect(await good({})).toEqual([18]);
  expect(await good({ device: 'phone' })).toEqual([12]);
  expect(await good({ device: 'phone', version: '1.1.0' })).toEqual([7]);
  expect(await good({ backend: 'tfjs-wasm' })).toEqual([]);
  await store.close();
});

test('groups under the floor are in no step, nor is one that would give them away', async () => {
  const some = (n: number, device: string) =>
    Array.from({ length: n }, (_, g) => report(0, { g, device, ok: 1 }));
  const store = await storeOf([
    ...some(9, 'phone'),
    ...some(6, 'desktop-small'),
    ...some(2, 'tablet'),
  ]);
  const { steps } = await fleetSpread(store, QUERY, { targets: TARGETS, minDevices: 5 });
  expect(steps).toMatchObject([{ good: 9 }]);
  await store.close();
});

test('what took no time at all is in the lowest row', async () => {
  const none = { latency: { total: { s: 3, z: 2, sum: 0, o: 0, c: [] } } };
  const store = await storeOf([report(0, { ok: 2, more: none })]);
  expect(await fleetSpread(store, QUERY, EVERYBODY)).toMatchObject({
    boundsMs: [1],
    steps: [{ good: 2, counts: [2] }],
  });
  await store.close();
});

test('where nothing ran there are no rows and no steps', async () => {
  const store = await storeOf([]);
  expect(await fleetSpread(store, QUERY, EVERYBODY)).toMatchObject({ boundsMs: [], steps: [] });
  await store.close();
});
