import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DAY_MS } from '../counting/time.js';
import { openSqliteRollupStore } from '../sqlite/sqlite-rollup-store.js';
import type { RollupStore } from '../store/rollup-store.js';
import { NOW_MS, type SampleOptions, sampleContribution } from '../testing/sample-report.js';
import { fleetLatency } from './latency.js';
import type { FleetQuery } from './query.js';

/** (base − 1) / (base + 1) at scale 3 is 4.33 %. */
const BOUND = 0.0434;

const QUERY: FleetQuery = {
  model: 'digits',
  fromMs: Date.UTC(2026, 2, 4, 11),
  toMs: Date.UTC(2026, 2, 4, 13),
  stepMs: 300_000,
};

async function storeOf(reports: readonly SampleOptions[]): Promise<RollupStore> {
  const store = openSqliteRollupStore(':memory:');
  if (reports.length > 0) await store.add(reports.map((options) => sampleContribution(options)));
  return store;
}

/** `count` reports of as many devices. */
function devices(count: number, options: SampleOptions = {}): SampleOptions[] {
  return Array.from({ length: count }, () => ({ first: ['version-day'], ...options }));
}

function nearestRank(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1] as number;
}

test('percentiles over any reports agree with the exact ones within the bound of the sketch', async () => {
  const durations = fc.array(fc.double({ min: 0.01, max: 1e5, noNaN: true }), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(fc.array(durations, { minLength: 1, maxLength: 6 }), async (reports) => {
      const store = await storeOf(
        reports.map((durationsMs, i) => ({
          durationsMs,
          t0: NOW_MS - i * 300_000,
          dimensions: { version: `1.${i % 3}.0` },
        })),
      );
      const { total } = await fleetLatency(store, QUERY, 1);
      const exact = reports.flat();
      for (const [got, q] of [
        [total.p50Ms, 0.5],
        [total.p95Ms, 0.95],
        [total.p99Ms, 0.99],
      ] as const) {
        const expected = nearestRank(exact, q);
        expect(Math.abs((got as number) - expected) / expected).toBeLessThan(BOUND);
      }
      await store.close();
    }),
    { numRuns: 40 },
  );
});

test('rates, errors, devices and stages are those of the reports', async () => {
  const store = await storeOf([
    { durationsMs: [10, 10], health: { ok: 2, errors: { deadline: 1, 'device-lost': 3 } } },
    { durationsMs: [10, 10], health: { ok: 2, errors: {} }, dimensions: { weight: 10 } },
  ]);
  const { total, versions } = await fleetLatency(store, QUERY, 1);
  expect(total).toMatchObject({
    devices: 2,
    reports: 2,
    count: 8,
    estimatedCount: 26,
    successRate: 0.5,
    errors: { 'device-lost': 3, deadline: 1 },
  });
  expect(Object.keys(total.errors)).toEqual(['device-lost', 'deadline']);
  expect(total.stages.run?.p50Ms).toBeCloseTo(6, 0);
  expect(versions).toMatchObject([{ version: '1.2.0', suppressed: 0, count: 8 }]);
});

test('the series has one point for each step in which something was reported', async () => {
  const store = await storeOf([
    { t0: QUERY.fromMs, durationsMs: [5] },
    { t0: QUERY.fromMs + 900_000, durationsMs: [50, 50] },
  ]);
  const { total } = await fleetLatency(store, QUERY, 1);
  expect(total.series.map(({ atMs, count }) => [atMs, count])).toEqual([
    [QUERY.fromMs, 2],
    [QUERY.fromMs + 900_000, 3],
  ]);
});

test('where nothing was reported, rates and percentiles are null', async () => {
  const { total, versions } = await fleetLatency(await storeOf([]), QUERY, 1);
  expect(total).toMatchObject({ devices: 0, count: 0, successRate: null, p50Ms: null, series: [] });
  expect(versions).toEqual([]);
});

test('versions come newest first', async () => {
  const versions = ['1.9.0', '1.10.0', '2.0.0-rc.1', '1.0.0'];
  const store = await storeOf(versions.map((version) => ({ dimensions: { version } })));
  const fleet = await fleetLatency(store, QUERY, 1);
  expect(fleet.versions.map(({ version }) => version)).toEqual([
    '2.0.0-rc.1',
    '1.10.0',
    '1.9.0',
    '1.0.0',
  ]);
});

test('groups under the floor are left out of their version but not of the total', async () => {
  const store = await storeOf([
    ...devices(5, { dimensions: { device: 'phone' } }),
    ...devices(4, { dimensions: { device: 'tablet' } }),
    ...devices(3, { dimensions: { device: 'server' } }),
  ]);
  const { total, versions, suppressed, selected } = await fleetLatency(store, QUERY, 5);
  expect(suppressed).toBe(2);
  expect(versions).toMatchObject([{ suppressed: 2, reports: 5, devices: 5 }]);
  expect(total).toMatchObject({ reports: 12, devices: 12 });
  expect(selected).toBeNull();
});

test('a group under the floor is not what the total has and all that is shown has not', async () => {
  const store = await storeOf([
    ...devices(9, { dimensions: { device: 'phone' } }),
    ...devices(6, { dimensions: { device: 'desktop-small' } }),
    ...devices(2, { dimensions: { device: 'tablet' } }),
  ]);
  const hidden = await fleetLatency(store, QUERY, 5);
  expect(hidden).toMatchObject({ suppressed: 2, total: { reports: 17 } });
  expect(hidden.versions).toMatchObject([{ reports: 9 }]);
  // whatever is asked for, the same groups are hidden
  for (const filter of [{ device: 'desktop-small' }, { device: 'tablet' }]) {
    const { selected } = await fleetLatency(store, { ...QUERY, ...filter }, 5);
    expect(selected).toMatchObject({ reports: 0, devices: 0, p50Ms: null, series: [] });
  }
  const shown = await fleetLatency(store, QUERY, 1);
  expect(shown).toMatchObject({ suppressed: 0, versions: [{ reports: 17 }] });
});

test('hidden groups that are many devices together give nobody away', async () => {
  const store = await storeOf([
    ...devices(6, { dimensions: { device: 'phone' } }),
    ...devices(3, { dimensions: { device: 'tablet' } }),
    ...devices(2, { dimensions: { device: 'server' } }),
  ]);
  const { suppressed, versions } = await fleetLatency(store, QUERY, 5);
  expect(suppressed).toBe(2);
  expect(versions).toMatchObject([{ reports: 6 }]);
});

test('a version of which every group is under the floor is named without figures', async () => {
  const store = await storeOf(devices(4));
  const { versions } = await fleetLatency(store, QUERY, 5);
  expect(versions).toMatchObject([
    { version: '1.2.0', suppressed: 1, count: 0, devices: 0, p50Ms: null, errors: {}, series: [] },
  ]);
});

test('one device that comes every day does not add up to a group of many', async () => {
  const days = Array.from({ length: 5 }, (_, i) => ({
    t0: NOW_MS - i * DAY_MS,
    first: ['version-day' as const],
  }));
  const store = await storeOf(days);
  const week = { ...QUERY, fromMs: QUERY.fromMs - 6 * DAY_MS };
  const { total, versions } = await fleetLatency(store, week, 2);
  expect(total).toMatchObject({ reports: 5, devices: 1 });
  expect(versions).toMatchObject([{ suppressed: 1 }]);
});

test('devices are those of the whole day, because later reports of the day are not first', async () => {
  const morningMs = Date.UTC(2026, 2, 4, 1);
  const store = await storeOf([...devices(3, { t0: morningMs }), { first: [], t0: QUERY.fromMs }]);
  const { total, versions } = await fleetLatency(store, QUERY, 3);
  expect(total).toMatchObject({ reports: 1, devices: 3 });
  expect(versions).toMatchObject([{ suppressed: 0, reports: 1 }]);
});

test('filters narrow the versions and never the total, which would undo the suppression', async () => {
  const store = await storeOf([
    { dimensions: { version: '1.2.0', backend: 'onnx-wasm' } },
    { dimensions: { version: '1.2.0', backend: 'tfjs-wasm' } },
    { dimensions: { version: '1.3.0', backend: 'onnx-wasm' } },
  ]);
  const byBackend = await fleetLatency(store, { ...QUERY, backend: 'onnx-wasm' }, 1);
  expect(byBackend.versions.map(({ version, reports }) => [version, reports])).toEqual([
    ['1.3.0', 1],
    ['1.2.0', 1],
  ]);
  const byBoth = await fleetLatency(store, { ...QUERY, version: '1.2.0', backend: 'tfjs-wasm' }, 1);
  expect(byBoth.versions).toMatchObject([{ version: '1.2.0', reports: 1 }]);
  for (const { total } of [byBackend, byBoth]) expect(total.reports).toBe(3);
  expect(byBackend.selected).toMatchObject({ reports: 2, count: 8, devices: 2 });
  expect(byBoth.selected).toMatchObject({ reports: 1, count: 4, devices: 1 });
});

test('version, backend and class of device narrow together; what fits in several versions is one selection', async () => {
  const store = await storeOf([
    { dimensions: { version: '1.2.0', device: 'phone' }, durationsMs: [10, 10] },
    { dimensions: { version: '1.3.0', device: 'phone' }, durationsMs: [40] },
    { dimensions: { version: '1.3.0', device: 'tablet' }, durationsMs: [90] },
    { dimensions: { version: '1.3.0', device: 'phone', backend: 'tfjs-wasm' } },
  ]);
  const ofPhones = { ...QUERY, device: 'phone', backend: 'onnx-wasm' };
  const { selected, versions } = await fleetLatency(store, ofPhones, 1);
  expect(versions.map(({ version, reports }) => [version, reports])).toEqual([
    ['1.3.0', 1],
    ['1.2.0', 1],
  ]);
  // two results of 10 ms and one of 40 ms, and a failure in each report
  expect(selected).toMatchObject({ reports: 2, count: 5, successRate: 0.6 });
  expect(selected?.p50Ms).toBeGreaterThan(9);
  expect(selected?.p50Ms).toBeLessThan(11);
  const one = await fleetLatency(store, { ...ofPhones, version: '1.3.0' }, 1);
  expect(one.selected).toMatchObject({ reports: 1, count: 2 });
});
