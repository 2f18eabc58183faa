import { expect, test } from 'vitest';
import {
  type DeviceReport,
  fleetQuery,
  HOUR_MS,
  MONDAY_MS,
  storeOf,
} from '../testing/fleet-store.js';
import { fleetParts } from './parts.js';

const QUERY = fleetQuery(MONDAY_MS + 26 * HOUR_MS, MONDAY_MS + 28 * HOUR_MS);
const BEFORE_MS = MONDAY_MS + 24 * HOUR_MS;
const EVERYBODY = { minDevices: 1 };

/** As many devices, each with one report. */
function devices(n: number, atMs: number, given: Partial<DeviceReport> = {}): DeviceReport[] {
  return Array.from({ length: n }, (_, g) => ({ g: g % 64, atMs, ...given }));
}

const now = (n: number, given?: Partial<DeviceReport>) => devices(n, QUERY.fromMs, given);
const before = (n: number, given?: Partial<DeviceReport>) => devices(n, BEFORE_MS, given);

test('a part that fails more carries the change; one that only grew carries none of it', async () => {
  const store = await storeOf([
    // before: 100 runs of phones with 10 failures, 100 runs of desktops with 10
    ...before(10, { device: 'phone', ok: 9, failed: 1 }),
    ...before(10, { device: 'desktop-large', ok: 9, failed: 1 }),
    // now: 100 runs of phones with 40 failures, 300 runs of desktops with 30
    ...now(10, { device: 'phone', ok: 6, failed: 4 }),
    ...now(30, { device: 'desktop-large', ok: 9, failed: 1 }),
  ]);
  const { failed, beforeMs } = await fleetParts(store, QUERY, EVERYBODY);
  expect(beforeMs).toBe(BEFORE_MS);
  // 70 of 400 against 20 of 200
  expect(failed).toMatchObject({ now: 0.175, before: 0.1 });
  const mean = (0.175 + 0.1) / 2;
  const share = (failedNow: number, runsNow: number, failedBefore: number, runsBefore: number) =>
    ((failedNow - mean * runsNow) / 400 - (failedBefore - mean * runsBefore) / 200) / 0.075;
  const classes = failed.parts.filter(({ dimension }) => dimension === 'device');
  expect(classes).toEqual([
    { dimension: 'device', value: 'phone', now: 0.4, before: 0.1, weight: 0.25, share: 1.125 },
    {
      dimension: 'device',
      value: 'desktop-large',
      now: 0.1,
      before: 0.1,
      weight: 0.75,
      share: -0.125,
    },
  ]);
  expect(classes[0]?.share).toBeCloseTo(share(40, 100, 10, 100), 6);
  expect(classes[1]?.share).toBeCloseTo(share(30, 300, 10, 100), 6);
  await store.close();
});

test('where parts only change their mix, each carries what its mix explains', async () => {
  const store = await storeOf([
    ...before(30, { device: 'desktop-large', ok: 10, latencyMs: 10 }),
    ...before(10, { device: 'phone', ok: 10, latencyMs: 50 }),
    ...now(10, { device: 'desktop-large', ok: 10, latencyMs: 10 }),
    ...now(30, { device: 'phone', ok: 10, latencyMs: 50 }),
  ]);
  const { time } = await fleetParts(store, QUERY, EVERYBODY);
  // three quarters of 50 ms and one of 10 ms, against the reverse
  expect(time).toMatchObject({ now: 40, before: 20 });
  const classes = time.parts.filter(({ dimension }) => dimension === 'device');
  // mean of both is 30 ms: (50 − 30) · (¾ − ¼) ÷ 20 and (10 − 30) · (¼ − ¾) ÷ 20
  expect(classes).toMatchObject([
    { value: 'desktop-large', now: 10, before: 10, weight: 0.25, share: 0.5 },
    { value: 'phone', now: 50, before: 50, weight: 0.75, share: 0.5 },
  ]);
  await store.close();
});

test('the shares of each dimension add up to one, releases of the app and of the library too', async () => {
  const names = (app: string, library: string) => ({ app, library });
  const store = await storeOf([
    ...before(6, { ok: 10, latencyMs: 20, ...names('7', '0.1.0') }),
    ...before(4, { ok: 8, failed: 2, device: 'tablet', version: '1.1.0', ...names('8', '0.1.0') }),
    ...now(3, { ok: 10, latencyMs: 25, ...names('7', '0.1.0') }),
    ...now(9, { ok: 5, failed: 5, latencyMs: 90, version: '1.1.0', ...names('8', '0.2.0') }),
  ]);
  const { failed, time } = await fleetParts(store, QUERY, EVERYBODY);
  for (const { parts } of [failed, time]) {
    for (const dimension of ['device', 'backend', 'version', 'library', 'app']) {
      const shares = parts.filter((part) => part.dimension === dimension);
      expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 4);
    }
  }
  const of = (value: string) => failed.parts.find((part) => part.value === value);
  // 45 of 120 runs against 8 of 100; the new library had all of the failures and 90 of the runs
  expect(of('0.2.0')).toMatchObject({ dimension: 'library', now: 0.5, before: null, weight: 0.75 });
  expect(of('8')).toMatchObject({ dimension: 'app', now: 0.5, before: 0.2 });
  expect(of('7')).toMatchObject({ dimension: 'app', now: 0, before: 0 });
  // 45 · 90 ms and 30 · 25 ms
  const seen = time.parts.find(({ value }) => value === '0.2.0');
  expect(seen?.now).toBe(90);
  expect(time.now).toBe((45 * 90 + 30 * 25) / 75);
  await store.close();
});

test('parts under the floor are left out, and so is what would give one away', async () => {
  const store = await storeOf([
    ...now(60, { device: 'phone', app: '7' }),
    ...now(55, { device: 'desktop-large', app: '8' }),
    ...now(3, { device: 'tablet', app: '9' }),
    ...before(60, { device: 'phone', app: '7' }),
  ]);
  const { failed } = await fleetParts(store, QUERY, { minDevices: 50 });
  const values = failed.parts.map(({ dimension, value }) => `${dimension} ${value}`);
  expect(values.sort()).toEqual([
    'app 7',
    'backend onnx-wasm',
    'device phone',
    'library 0.1.0',
    'version 1.0.0',
  ]);
  // of the backend and the version what is shown of groups, so that tablets are not in them either
  const backend = failed.parts.find(({ dimension }) => dimension === 'backend');
  expect(backend?.weight).toBeCloseTo(60 / 118, 5);
  await store.close();
});

test('runs without a release of the app are a part that is not shown, and hides another while it is small', async () => {
  const store = await storeOf([
    ...now(60, { app: '7' }),
    ...now(70, { app: '8' }),
    ...now(4, { app: '' }),
  ]);
  const { failed } = await fleetParts(store, QUERY, { minDevices: 50 });
  const apps = failed.parts.filter(({ dimension }) => dimension === 'app');
  expect(apps.map(({ value }) => value)).toEqual(['8']);
  await store.close();
});

test('where nothing ran before there is no change, and parts still have their figures', async () => {
  const store = await storeOf(now(4, { ok: 9, failed: 1 }));
  const { failed, time } = await fleetParts(store, QUERY, EVERYBODY);
  expect(failed).toMatchObject({ now: 0.1, before: null });
  expect(failed.parts.every(({ share, now: own }) => share === 0 && own === 0.1)).toBe(true);
  expect(time.parts).toHaveLength(5);
  const nothing = await fleetParts(store, { ...QUERY, fromMs: 0, toMs: HOUR_MS }, EVERYBODY);
  expect(nothing.failed).toEqual({ now: null, before: null, parts: [] });
  await store.close();
});
