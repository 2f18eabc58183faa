import { expect, test } from 'vitest';
import {
  type DeviceReport,
  fleetQuery,
  HOUR_MS,
  MONDAY_MS,
  storeOf,
} from '../testing/fleet-store.js';
import { fleetSpeed } from './speed.js';

const QUERY = fleetQuery(MONDAY_MS, MONDAY_MS + HOUR_MS);

/** So many devices of a class, whose times differ from device to device by up to two fifths. */
function devices(n: number, latencyMs: number, given: Partial<DeviceReport>): DeviceReport[] {
  return Array.from({ length: n }, (_, g) => ({
    atMs: MONDAY_MS,
    g: g % 64,
    latencyMs: latencyMs * (0.8 + (0.4 * (g % 8)) / 7),
    first: ['version-day', 'version-hour'],
    ...given,
  }));
}

test('a release that is slower on phones alone is said to be slower there, and nowhere else', async () => {
  const store = await storeOf([
    ...devices(200, 40, { version: '1.0.0', device: 'phone' }),
    ...devices(200, 10, { version: '1.0.0', device: 'desktop-large' }),
    ...devices(80, 64, { version: '1.1.0', device: 'phone' }),
    ...devices(80, 10, { version: '1.1.0', device: 'desktop-large' }),
  ]);
  const { versions } = await fleetSpeed(store, QUERY, { minDevices: 20 });
  expect(versions.map(({ version, against }) => [version, against])).toEqual([
    ['1.1.0', '1.0.0'],
    ['1.0.0', null],
  ]);
  const slower = Object.fromEntries(
    (versions[0]?.devices ?? []).map(({ device, isSlower }) => [device, isSlower]),
  );
  expect(slower).toEqual({ phone: true, 'desktop-large': false });
  const phone = versions[0]?.devices.find(({ device }) => device === 'phone');
  expect(phone?.p50Ms).toMatchObject({ n: 800, devices: 80, method: 'device-quantile' });
  expect(phone?.p50Ms.low).toBeLessThan(64);
  expect(phone?.p50Ms.high).toBeGreaterThan(64);
  await store.close();
});

test('a release of few devices is not said to be slower by chance, and one of fewer than the floor is not named', async () => {
  const store = await storeOf([
    ...devices(200, 40, { version: '1.0.0' }),
    ...devices(21, 46, { version: '1.1.0' }),
    ...devices(5, 90, { version: '1.2.0' }),
  ]);
  const { versions } = await fleetSpeed(store, QUERY, { minDevices: 5 });
  expect(versions.find(({ version }) => version === '1.1.0')?.devices[0]?.isSlower).toBe(false);
  // five devices are slower by far, and too few to say so
  expect(versions.find(({ version }) => version === '1.2.0')?.devices[0]?.isSlower).toBe(false);
  const named = await fleetSpeed(store, QUERY, { minDevices: 20 });
  expect(named.versions.map(({ version }) => version)).not.toContain('1.2.0');
  await store.close();
});

test('a release is compared with the earlier one that most results are of, and not with a later one', async () => {
  const store = await storeOf([
    ...devices(200, 10, { version: '1.0.0' }),
    ...devices(40, 30, { version: '1.1.0' }),
    ...devices(100, 20, { version: '1.2.0' }),
  ]);
  const { versions } = await fleetSpeed(store, QUERY, { minDevices: 1 });
  expect(
    versions.map(({ version, against, devices: [all] }) => [version, against, all?.isSlower]),
  ).toEqual([
    ['1.2.0', '1.0.0', true],
    ['1.1.0', '1.0.0', true],
    ['1.0.0', null, false],
  ]);
  await store.close();
});

test('a release is not compared with those that share the row of names beyond the limit, because they may be later', async () => {
  const crowd = Array.from({ length: 40 }, (_, v) => devices(30, 10, { version: `2.${v}.0` }));
  const store = await storeOf([...devices(30, 40, { version: '1.0.0' }), ...crowd.flat()]);
  const { versions } = await fleetSpeed(store, QUERY, { minDevices: 1 });
  expect(versions.map(({ version }) => version)).toContain('unlisted');
  expect(versions.find(({ version }) => version === '1.0.0')).toMatchObject({
    against: null,
    devices: [{ isSlower: false }],
  });
  await store.close();
});
