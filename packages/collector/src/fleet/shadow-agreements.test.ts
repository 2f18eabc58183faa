import type { Report } from '@nearside/core';
import { expect, onTestFinished, test } from 'vitest';
import {
  DAY_MS,
  type DeviceReport,
  FACTS,
  fleetQuery,
  MONDAY_MS,
  storeOf,
} from '../testing/fleet-store.js';
import { fleetFaults } from './faults.js';

type Shadow = NonNullable<Report['shadow']>;

const QUERY = fleetQuery(MONDAY_MS, MONDAY_MS + DAY_MS);

/** A device of each of so many cohorts, with ten inputs that a shadow ran too. */
function devices(cohorts: number, shadow: (g: number) => Partial<Shadow>): DeviceReport[] {
  const both = { candidate: '1.2.0', n: 10, latencyDifference: [30, 100], errorDifference: 0 };
  return Array.from({ length: cohorts }, (_, g) => ({
    ...{ atMs: MONDAY_MS, g, version: '1.0.0' },
    more: { shadow: { ...both, agreements: 10, ...shadow(g) } as Shadow },
  }));
}

async function agreements(reports: readonly DeviceReport[], minDevices = 1) {
  const store = await storeOf(reports);
  onTestFinished(() => store.close());
  return (await fleetFaults(store, QUERY, { facts: FACTS, minDevices })).shadow;
}

test('agreement has the interval of shares: devices that differ in all their inputs make it wide', async () => {
  const [alike] = await agreements(devices(64, (g) => ({ agreements: g % 2 === 0 ? 7 : 9 })));
  const [apart] = await agreements(devices(64, (g) => ({ agreements: g % 5 === 0 ? 0 : 10 })));
  expect(alike).toMatchObject({ candidate: '1.2.0', n: 640, latencyDifferenceMs: 3 });
  const { value, low, high, n } = apart?.agreement ?? {};
  expect({ value, n }).toEqual({ value: 0.796875, n: 640 });
  expect((high ?? 0) - (low ?? 0)).toBeGreaterThan(0.15);
  const width = (alike?.agreement.high ?? 0) - (alike?.agreement.low ?? 0);
  expect(width).toBeLessThan(0.07);
});

test('inputs that the shadow failed on take no time', async () => {
  const [shadow] = await agreements(devices(2, () => ({ agreements: 5, errorDifference: 5 })));
  expect(shadow).toMatchObject({ n: 20, errorDifference: 0.5, latencyDifferenceMs: 6 });
});

test('agreement is told by how sure the version was that served, for bins that have runs', async () => {
  const bins: Shadow['bins'] = [
    [4, 1],
    [0, 0],
    [6, 6],
  ];
  const [shadow] = await agreements(devices(2, () => ({ agreements: 7, bins })));
  expect(shadow?.bins).toEqual([
    { from: 0, to: 0.5, n: 8, agreement: 0.25 },
    { from: 0.9, to: 1, n: 12, agreement: 1 },
  ]);
});

test('a version without a baseline has no bins, and bins that its baseline does not have are left out', async () => {
  const more: Partial<Shadow> = { bins: [...Array(5)].map((): [number, number] => [2, 2]) };
  const unknown = devices(2, () => more).map((one) => ({ ...one, version: '0.9.0' }));
  expect((await agreements(unknown))[0]?.bins).toEqual([]);
  expect((await agreements(devices(2, () => more)))[0]?.bins).toHaveLength(3);
});

test('what two versions decided is not told of too few devices', async () => {
  const few = await agreements(
    devices(20, () => ({ bins: [[10, 10]] })),
    50,
  );
  expect(few).toMatchObject([
    { n: 200, missing: 'too-few-devices', bins: [], agreement: { value: null } },
  ]);
  const [enough] = await agreements(
    devices(64, () => ({})),
    200,
  );
  expect(enough).toMatchObject({ agreement: { value: 1 } });
  expect(enough).not.toHaveProperty('missing');
});

test('the newest of several shadows comes first', async () => {
  const reports = [
    ...devices(2, () => ({ candidate: '1.9.0' })),
    ...devices(2, () => ({ candidate: '1.10.0', agreements: 4, errorDifference: -2 })),
  ];
  expect(await agreements(reports)).toMatchObject([
    { candidate: '1.10.0', agreement: { value: 0.4 }, errorDifference: -0.2 },
    { candidate: '1.9.0', agreement: { value: 1 } },
  ]);
});
