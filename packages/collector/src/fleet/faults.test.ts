import type { Report } from '@nearside/core';
import { expect, test } from 'vitest';
import {
  DAY_MS,
  type DeviceReport,
  FACTS,
  factsOf,
  fleetQuery,
  HOUR_MS,
  MONDAY_MS,
  storeOf,
} from '../testing/fleet-store.js';
import { fleetFaults } from './faults.js';

const QUERY = fleetQuery(MONDAY_MS, MONDAY_MS + DAY_MS);
const EVERYBODY = { facts: FACTS, minDevices: 1 };

function devices(n: number, given: Partial<DeviceReport> = {}): DeviceReport[] {
  return Array.from({ length: n }, (_, g) => ({ g: g % 64, atMs: MONDAY_MS, ...given }));
}

const withInputs = (inputs: Report['inputs'], given: Partial<DeviceReport> = {}) => ({
  ...given,
  more: { inputs },
});

test('backends that devices left alone come by class of device and how often, and refused calls by how often, each with its code', async () => {
  const health = (n: number): Report['health'] => ({
    ok: 10,
    invalid: { 'input-invalid': 2, 'input-too-large': n },
    quarantines: [
      { backend: 'onnx-webgpu', variant: 'int8', code: 'golden-mismatch', n },
      { backend: 'tfjs-wasm', variant: 'float32', code: 'out-of-memory', n: 1 },
    ],
  });
  const store = await storeOf([
    ...devices(2, { more: { health: health(3) } }),
    ...devices(1, { device: 'tablet', more: { health: health(4) } }),
  ]);
  const { quarantines, invalid } = await fleetFaults(store, QUERY, EVERYBODY);
  expect(quarantines.map((one) => Object.values(one))).toEqual([
    ['onnx-webgpu', 'int8', 'golden-mismatch', 'phone', 6],
    ['onnx-webgpu', 'int8', 'golden-mismatch', 'tablet', 4],
    ['tfjs-wasm', 'float32', 'out-of-memory', 'phone', 2],
    ['tfjs-wasm', 'float32', 'out-of-memory', 'tablet', 1],
  ]);
  expect(Object.values(invalid)).toEqual([10, 6]);
  await store.close();
});

test('pages that died are told by class of device; classes of too few devices are told together', async () => {
  const died = (n: number): Report['health'] => ({
    ok: 10,
    quarantines: [{ backend: 'onnx-wasm', variant: 'int8', code: 'lost-loading', n }],
  });
  const store = await storeOf([
    ...devices(60, { more: { health: died(1) } }),
    ...devices(30, { device: 'tablet', more: { health: died(1) } }),
    ...devices(25, { device: 'desktop-small', more: { health: died(2) } }),
  ]);
  const told = async (minDevices: number) => {
    const { quarantines } = await fleetFaults(store, QUERY, { facts: FACTS, minDevices });
    return quarantines.map(({ code, device, n }) => [code, device, n]);
  };
  expect(await told(50)).toEqual([
    ['lost-loading', null, 80],
    ['lost-loading', 'phone', 60],
  ]);
  // the desktops alone could be computed from the others
  expect(await told(30)).toEqual([
    ['lost-loading', null, 80],
    ['lost-loading', 'phone', 60],
  ]);
  expect(await told(1)).toHaveLength(3);
  await store.close();
});

test('faulty values are named as the version that reported names its features, and by release of the app', async () => {
  const [canary, stable] = FACTS.versions;
  const facts = {
    ...FACTS,
    features: ['age', 'income'],
    versions: [{ ...canary, features: ['income', 'age'] }, stable],
  } as typeof FACTS;
  const store = await storeOf([
    ...devices(2, withInputs([[0, 1, 2, 3]], { app: '7' })),
    ...devices(
      1,
      withInputs(
        [
          [1, 5, 0, 0],
          [4, 0, 1, 0],
        ],
        { app: '8', version: '1.1.0' },
      ),
    ),
    ...devices(1, withInputs([[1, 0, 0, 0]], { app: '8' })),
  ]);
  const { inputs } = await fleetFaults(store, QUERY, { facts, minDevices: 1 });
  expect(inputs).toEqual([
    // position 0 of 1.0.0 and position 1 of 1.1.0
    { feature: 'age', missing: 2 + 5, stale: 4, invalid: 6, apps: { 7: 12, 8: 5 } },
    { feature: 'feature 4', missing: 0, stale: 1, invalid: 0, apps: { 8: 1 } },
  ]);
  await store.close();
});

test('inputs of a version, and of a release of the app, that too few devices have are not shown', async () => {
  const faulty = (given: Partial<DeviceReport>) => withInputs([[0, 1, 0, 0]], given);
  const store = await storeOf([
    ...devices(60, faulty({ app: '7' })),
    ...devices(55, faulty({ app: '8' })),
    ...devices(3, faulty({ app: '9' })),
    ...devices(20, faulty({ app: '7', version: '1.1.0' })),
  ]);
  const { inputs } = await fleetFaults(store, QUERY, { facts: FACTS, minDevices: 50 });
  // what is not in a release is 58, of which three alone are not to be known
  expect(inputs).toEqual([
    { feature: 'feature 0', missing: 118, stale: 0, invalid: 0, apps: { 7: 60 } },
  ]);
  const few = await storeOf(devices(40, faulty({})));
  const hidden = await fleetFaults(few, QUERY, { facts: FACTS, minDevices: 50 });
  expect(hidden.inputs).toEqual([]);
  await store.close();
  await few.close();
});

test('updates tell what was installed, what failed and what was given up, the newest version first', async () => {
  const store = await storeOf([
    ...devices(3, {
      more: { updates: [{ version: '1.1.0', installed: 1, failed: { offline: 2 } }] },
    }),
    ...devices(1, {
      more: {
        updates: [
          {
            version: '1.1.0',
            rolledBack: { 'golden-mismatch': 1 },
            failed: { 'network-failed': 9 },
          },
          { version: '1.2.0', installed: 1 },
        ],
      },
    }),
  ]);
  const { updates } = await fleetFaults(store, QUERY, EVERYBODY);
  expect(updates).toMatchObject([
    { version: '1.2.0', installed: 1, failed: {}, rolledBack: {} },
    {
      version: '1.1.0',
      installed: 3,
      failed: { 'network-failed': 9, offline: 6 },
      rolledBack: { 'golden-mismatch': 1 },
    },
  ]);
  await store.close();
});

test('installs are told by the days since the release, whatever clocks say; a version that is older than the journal has no age', async () => {
  const noon = MONDAY_MS + 12 * HOUR_MS;
  const installed = (day: number, n: number, version: string): DeviceReport[] =>
    devices(n, {
      atMs: noon + day * DAY_MS,
      more: { updates: [{ version, installed: 1 }] },
    });
  const store = await storeOf([
    ...installed(1, 2, '1.1.0'),
    ...installed(2, 5, '1.1.0'),
    ...installed(2, 1, '1.0.0'),
    ...installed(4, 3, '1.1.0'),
    ...installed(1, 1, '1.2.0'),
    // a clock that is two days behind
    ...installed(-1, 1, '1.1.0'),
  ]);
  const stable = (version: string) => ({
    ...{ model: 'digits', version, rollout: null },
    state: 'stable' as const,
  });
  await store.keepFacts(factsOf([stable('1.0.0')]), MONDAY_MS);
  await store.keepFacts(factsOf([stable('1.1.0')]), MONDAY_MS + DAY_MS + 8 * HOUR_MS);
  const week = { ...QUERY, fromMs: MONDAY_MS - 7 * DAY_MS, toMs: MONDAY_MS + 7 * DAY_MS };
  const { updates } = await fleetFaults(store, week, EVERYBODY);
  expect(updates.map(({ version, byAge }) => [version, byAge])).toEqual([
    ['1.2.0', []],
    [
      '1.1.0',
      [
        [0, 3],
        [1, 5],
        [3, 3],
      ],
    ],
    ['1.0.0', []],
  ]);
  await store.close();
});

test('where nothing went wrong nothing is listed', async () => {
  const store = await storeOf(devices(2, { more: { inputs: undefined } }));
  expect(await fleetFaults(store, QUERY, EVERYBODY)).toEqual({
    ...{ model: 'digits', fromMs: QUERY.fromMs, toMs: QUERY.toMs, minDevices: 1 },
    ...{ quarantines: [], invalid: {}, inputs: [], updates: [], shadow: [] },
  });
  await store.close();
});
