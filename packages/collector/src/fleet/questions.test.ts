import { expect, test } from 'vitest';
import { DEFAULT_TARGETS } from '../files/targets.js';
import { findingsOf } from '../findings/findings-of.js';
import {
  BASELINE,
  DAY_MS,
  type DeviceReport,
  FACTS,
  fleetQuery,
  HOUR_MS,
  MONDAY_MS,
  storeOf,
} from '../testing/fleet-store.js';
import { seededDraws } from '../testing/seeded-draws.js';
import { fleetAccuracy } from './accuracy.js';
import { fleetCanary } from './canary.js';
import { readCohortDays } from './cohort-rows.js';
import { fleetCost } from './cost.js';
import { fleetCoverage } from './coverage.js';
import { fleetDrift } from './drift.js';
import { fleetService } from './service.js';
import { fleetSilence } from './silence.js';

const CONTEXT = { facts: FACTS, minDevices: 50, targets: DEFAULT_TARGETS };

/** Devices of an hour, each in its cohort; what they see varies. */
function hour(
  atMs: number,
  devices: number,
  report: (i: number) => Partial<DeviceReport> = () => ({}),
) {
  const draws = seededDraws(atMs / HOUR_MS);
  return Array.from({ length: devices }, (_, i): DeviceReport => {
    const sure = draws.below(4);
    return { atMs, g: i % 64, confidence: [1, 5 - sure, 4 + sure], ...report(i) };
  });
}

const NEXT = MONDAY_MS + DAY_MS;

test('what phones see has changed for two hours: one alarm, since when, and phones carry it', async () => {
  const hours = [0, 1, 2, 3].flatMap((i) => {
    const device = (k: number) => ({ device: k % 2 === 0 ? 'phone' : 'desktop-large' });
    const changed = (k: number) => (k % 2 === 0 ? { confidence: [6, 3, 1] } : {});
    return [
      ...hour(MONDAY_MS + i * HOUR_MS, 320, device),
      ...hour(NEXT + i * HOUR_MS, 320, (k) => ({ ...device(k), ...(i >= 2 && changed(k)) })),
    ];
  });
  // a clock that is a week behind is no past
  const strays = hour(NEXT - 7 * DAY_MS, 3);
  const store = await storeOf([...hours, ...strays]);
  const { versions } = await fleetDrift(store, fleetQuery(NEXT, NEXT + 4 * HOUR_MS), CONTEXT);
  expect(versions).toHaveLength(1);
  expect(versions[0]).toMatchObject({ version: '1.0.0', windowMs: HOUR_MS });
  const [confidence, classes] = versions[0]?.distributions ?? [];
  expect(confidence).toMatchObject({ name: 'confidence', alarmSinceMs: NEXT + 2 * HOUR_MS });
  expect(confidence?.windows.map(({ isAlarm }) => isAlarm)).toEqual([false, false, false, true]);
  expect(confidence?.segments[0]).toMatchObject({ dimension: 'device', value: 'phone' });
  expect(confidence?.segments[0]?.share).toBeGreaterThan(0.9);
  expect(classes?.alarmSinceMs).toBeNull();
  // two hours of 160 phones with 6 : 3 : 1, and the other 160 devices about as before
  const { field = [], past = [] } = confidence?.changed ?? {};
  expect(field[0]).toBe(2 * (160 * 6 + 160));
  expect(past[0]).toBe(2 * 320);
  expect(classes?.changed).toBeNull();
  const longer = fleetQuery(MONDAY_MS, NEXT + 4 * HOUR_MS);
  const ofNow = await fleetDrift(store, longer, { ...CONTEXT, isOfNow: true });
  const [windows] = ofNow.versions[0]?.distributions ?? [];
  expect(windows).toMatchObject({ alarmSinceMs: NEXT + 2 * HOUR_MS, isByFew: false });
  expect(windows?.windows.length).toBeLessThanOrEqual(3);
  await store.close();
});

test('phones alone have changed, by too little for the whole fleet to alarm: phones do, and are named', async () => {
  const fleet = (atMs: number, isChanged: boolean) =>
    hour(atMs, 448, (k) => {
      const device = Math.floor(k / 64) % 4 === 0 ? 'phone' : 'desktop-large';
      return { device, ...(isChanged && device === 'phone' && { confidence: [2, 3, 5] }) };
    });
  const hours = [0, 1, 2].flatMap((i) => [
    ...fleet(MONDAY_MS + i * HOUR_MS, false),
    ...fleet(NEXT + i * HOUR_MS, i >= 1),
  ]);
  const store = await storeOf(hours);
  const drift = await fleetDrift(store, fleetQuery(NEXT, NEXT + 3 * HOUR_MS), CONTEXT);
  const [confidence] = drift.versions[0]?.distributions ?? [];
  expect(confidence?.windows.map(({ isAlarm }) => isAlarm)).toEqual([false, false, false]);
  expect(confidence?.parts).toMatchObject([
    {
      dimension: 'device',
      value: 'phone',
      atMs: [NEXT + 2 * HOUR_MS],
      alarmSinceMs: NEXT + HOUR_MS,
    },
  ]);
  expect(confidence?.changed?.past[0]).toBe(2 * 448);
  expect(findingsOf({ drift })).toMatchObject([
    { id: 'drift', distribution: 'confidence', part: { value: 'phone' }, segment: null },
  ]);
  await store.close();
});

test('a version without a baseline, and one that too few devices have, say so', async () => {
  const store = await storeOf([
    ...hour(MONDAY_MS, 60, () => ({ version: '9.0.0' })),
    ...hour(MONDAY_MS, 10),
  ]);
  const day = fleetQuery(MONDAY_MS, MONDAY_MS + DAY_MS);
  const { versions } = await fleetDrift(store, day, CONTEXT);
  expect(versions).toMatchObject([
    { version: '9.0.0', missing: 'no-baseline', distributions: [] },
    { version: '1.0.0', missing: 'too-few-devices', distributions: [] },
  ]);
  const accuracy = await fleetAccuracy(store, day, CONTEXT);
  expect(accuracy.versions).toMatchObject([
    { version: '9.0.0', without: ['baseline', 'labels'], estimated: { value: null } },
    { version: '1.0.0', missing: 'too-few-devices', estimated: { value: null }, outcomes: [] },
  ]);
  await store.close();
});

test('accuracy is estimated from confidence, and weighed from labels; precision and recall by name', async () => {
  const labelled = (i: number): Partial<DeviceReport> => ({
    more: {
      feedback: {
        byAge: [
          {
            days: 0,
            // mostly where the model was unsure
            bins: [
              [4, 2],
              [2, i % 5 === 0 ? 1 : 2],
              [1, 1],
            ], // prettier-ignore
            confusion: [
              [0, 0, 5],
              [1, 0, 1],
              [1, 1, 1],
            ],
          },
        ],
        unmatched: 1,
      },
      outcomes: { bought: [2, 1, 1] },
    },
  });
  const store = await storeOf(hour(MONDAY_MS, 128, labelled));
  const { versions } = await fleetAccuracy(
    store,
    fleetQuery(MONDAY_MS, MONDAY_MS + DAY_MS),
    CONTEXT,
  );
  const [found] = versions;
  expect(found).toMatchObject({ version: '1.0.0', without: [], unmatched: 128 });
  expect(found?.estimated).toMatchObject({ estimated: true, method: 'cbpe', devices: 128 });
  // about 0.1 × 0.5 + 0.35 × 0.9 + 0.55 × 0.99
  expect(found?.estimated.value).toBeCloseTo(0.91, 1);
  expect(found?.labelled).toMatchObject({ estimated: false, n: 7 * 128 });
  expect(found?.labelled.value).toBeCloseTo(0.91, 1);
  expect(found?.offline.value).toBe(0.914);
  expect(found?.concept).toMatchObject({ isAlarm: false });
  expect(found?.confusion?.labels).toEqual(['cat', 'dog', 'other']);
  expect(found?.confusion?.byLabel[0]?.precision.value).toBeCloseTo(5 / 6, 5);
  expect(found?.confusion?.byLabel[1]?.recall.value).toBe(0.5);
  expect(found?.confusion?.byLabel[2]?.recall.value).toBeNull();
  expect(found?.outcomes).toMatchObject([{ name: 'bought', mean: { value: 0.5 } }]);
  await store.close();
});

test('a version that is right less often than its target allows is found, and whether it is by four groups of devices', async () => {
  const whereWrong = async (wrongOf: (g: number) => number) => {
    const store = await storeOf(
      hour(MONDAY_MS, 128, (i) => {
        const wrong = wrongOf(i % 64);
        const bins: [number, number][] = [
          [0, 0],
          [0, 0],
          [Math.max(4, wrong), Math.max(0, 4 - wrong)],
        ];
        return { more: { feedback: { byAge: [{ days: 0, bins }] } } };
      }),
    );
    const day = fleetQuery(MONDAY_MS, MONDAY_MS + DAY_MS);
    const accuracy = await fleetAccuracy(store, day, CONTEXT);
    await store.close();
    return findingsOf({ accuracy }).filter(({ id }) => id === 'accuracy');
  };
  expect(await whereWrong(() => 0)).toEqual([]);
  expect(await whereWrong((g) => g % 2)).toMatchObject([]);
  expect(await whereWrong((g) => 1 + (g % 2))).toMatchObject([
    {
      version: '1.0.0',
      sinceMs: MONDAY_MS,
      labelled: { value: 0.625, n: 512 },
      offline: { value: 0.914 },
      target: 0.95,
      isByFew: false,
    },
  ]);
  expect(await whereWrong((g) => (g < 4 ? 40 : 0))).toMatchObject([{ isByFew: true }]);
});

test('labels for a version that has no rows in the range are nobody’s, and nothing stops', async () => {
  const store = await storeOf(hour(MONDAY_MS, 60));
  const later = fleetQuery(MONDAY_MS + 5 * DAY_MS, MONDAY_MS + 6 * DAY_MS);
  expect((await fleetAccuracy(store, later, CONTEXT)).versions).toEqual([]);
  expect((await fleetDrift(store, later, CONTEXT)).versions).toEqual([]);
  expect((await fleetCanary(store, later, CONTEXT)).rollouts).toEqual([]);
  expect((await fleetCoverage(store, later, CONTEXT)).versions).toEqual([]);
  expect(await fleetSilence(store, later)).toMatchObject({ silentSinceMs: null });
  const service = await fleetService(store, later, { targets: DEFAULT_TARGETS, minDevices: 50 });
  expect(service.versions).toEqual([]);
  await store.close();
});

const DAY = fleetQuery(MONDAY_MS, MONDAY_MS + DAY_MS);

test('coverage holds what devices have against what a rollout names', async () => {
  const store = await storeOf([
    ...hour(MONDAY_MS, 900),
    ...hour(MONDAY_MS, 100, () => ({ version: '1.1.0', arm: 'canary' })),
  ]);
  const { devices, versions } = await fleetCoverage(store, DAY, CONTEXT);
  expect(devices).toBe(1000);
  expect(versions).toMatchObject([
    { version: '1.1.0', state: 'canary', adoption: { value: 0.1 }, target: 0.05, coverage: 2 },
    { version: '1.0.0', state: 'stable', adoption: { value: 0.9 }, target: 0.95 },
  ]);
  await store.close();
});

test('cost has amounts where there are prices, and says so where there are none', async () => {
  const store = await storeOf(
    hour(MONDAY_MS, 100, () => ({ more: { health: { ok: 10, bytesFetched: 1e7 } } })),
  );
  expect(await fleetCost(store, DAY, { minDevices: 50 })).toMatchObject({
    missing: 'no-prices',
    total: { inferences: 1000, bytes: 1e9, amount: null },
  });
  const prices = {
    ...{ currency: 'EUR', serverPerMillionInferences: 40 },
    ...{ cdnPerGigabyte: 0.03, collectorPerMonth: 30 },
  };
  const { total, versions } = await fleetCost(store, DAY, { prices, minDevices: 50 });
  expect(total).toMatchObject({ amount: 0.03 + 1, serverAmount: 0.04, perMillion: 1030 });
  expect(versions).toMatchObject([{ version: '1.0.0', amount: 1.03 }]);
  await store.close();
});

test('neither cost nor coverage gives a version of few devices away by what is left of the total', async () => {
  const of = (version: string) => () => ({ version, arm: 'canary' as const });
  // what no version served is of no device
  const failedOpen = () => ({
    version: '',
    first: [],
    more: { dimensions: { model: 'digits', device: 'phone', library: '0.1.0', weight: 1 } },
  });
  const store = await storeOf([
    ...hour(MONDAY_MS, 900),
    ...hour(MONDAY_MS, 100, of('1.1.0')),
    ...hour(MONDAY_MS, 10, of('1.2.0')),
    ...hour(MONDAY_MS + 20 * HOUR_MS, 45, of('1.3.0')),
    ...hour(MONDAY_MS, 1, failedOpen),
  ]);
  const versionsOf = async (minDevices: number) => {
    const cost = await fleetCost(store, DAY, { minDevices });
    const coverage = await fleetCoverage(store, DAY, { minDevices });
    return [cost, coverage].map(({ versions }) => versions.map(({ version }) => version));
  };
  const all = ['1.3.0', '1.2.0', '1.1.0', '1.0.0'];
  expect(await versionsOf(1)).toEqual([all, all]);
  expect(await versionsOf(10)).toEqual([all, all]);
  // 1.2.0 and 1.3.0 together are many enough
  expect(await versionsOf(50)).toEqual([all.slice(2), all.slice(2)]);
  expect(await versionsOf(200)).toEqual([[], []]);
  // in an hour of its own the one is alone
  const hourOf = fleetQuery(MONDAY_MS, MONDAY_MS + HOUR_MS);
  const { versions } = await fleetCost(store, hourOf, { minDevices: 50 });
  expect(versions.map(({ version }) => version)).toEqual(['1.0.0']);
  await store.close();
});

test('hours in which far fewer devices report than usual are silent, since the first of them', async () => {
  const start = MONDAY_MS;
  const usual = Array.from({ length: 200 }, (_, i) => i);
  const silent = [200, 201, 202, 203];
  const store = await storeOf([
    ...usual.flatMap((i) => hour(start + i * HOUR_MS, 20 + (i % 12))),
    // one that was counted in an hour before is no other device, however many reports it sends
    ...silent.flatMap((i) => hour(start + i * HOUR_MS, 40, () => ({ first: [] }))),
  ]);
  const ofHours = (from: number, to: number) =>
    fleetSilence(store, fleetQuery(start + from * HOUR_MS, start + to * HOUR_MS));
  const answer = await ofHours(192, 204);
  expect(answer.silentSinceMs).toBe(start + 200 * HOUR_MS);
  expect(answer.judgedFromMs).toBe(start + 7 * DAY_MS);
  const [earliest] = answer.hours;
  expect(earliest).toMatchObject({
    ...{ received: 20, isSilent: false },
    // of the same hour a week before, of 20 to 31 devices in each of 24
    expected: { value: 20, n: 20, devices: 612, method: 'hour-of-week', estimated: true },
  });
  expect(earliest?.expected.low).toBeLessThan(20);
  expect(earliest?.expected.high).toBeGreaterThan(20);
  expect(earliest?.fewest).toBeGreaterThan(0);
  expect(answer.hours.at(-1)).toMatchObject({ received: 0, isSilent: true });
  // a silence of days does not become usual
  for (const days of [1, 3, 4, 5, 6]) {
    const from = 204 + days * 24;
    expect((await ofHours(from, from + 12)).silentSinceMs).toBe(start + from * HOUR_MS);
  }
  const week = await ofHours(0, 168);
  expect(week.hours.filter(({ expected, fewest }) => expected.value ?? fewest)).toEqual([]);
  await store.close();
});

test('a silence lasts until a device reports, through nights that have too few to tell', async () => {
  const start = MONDAY_MS;
  const devicesAt = (i: number) => (i % 24 < 8 ? 1 : 20);
  const usual = Array.from({ length: 9 * 24 + 12 }, (_, i) => i);
  const store = await storeOf(usual.flatMap((i) => hour(start + i * HOUR_MS, devicesAt(i))));
  const toMs = start + 14 * DAY_MS + 4 * HOUR_MS;
  const answer = await fleetSilence(store, fleetQuery(toMs - 7 * DAY_MS, toMs));
  expect(answer.hours.at(-1)?.fewest).toBe(0);
  expect(answer.silentSinceMs).toBe(start + usual.length * HOUR_MS);
  await store.close();
});

test('service figures have intervals; aborts and invalid input are neither success nor failure', async () => {
  const report = (i: number): Partial<DeviceReport> => ({
    ok: 9,
    failed: i % 10 === 0 ? 1 : 0,
    latencyMs: i % 20 === 0 ? 400 : 20,
  });
  const store = await storeOf(hour(MONDAY_MS, 640, report));
  const { versions } = await fleetService(store, DAY, { targets: DEFAULT_TARGETS, minDevices: 50 });
  const [found] = versions;
  expect(found?.success.value).toBeCloseTo(1 - 64 / (9 * 640 + 64), 5);
  expect(found?.success.low).toBeLessThan(found?.success.value ?? 0);
  expect(found?.withinTarget.value).toBeCloseTo(0.95, 5);
  expect(found?.p50Ms.value).toBeCloseTo(20, -0.5);
  expect(found?.p99Ms.low).toBeGreaterThan(300);
  expect(found).toMatchObject({ devices: 640, perHour: 242.667 });
  await store.close();
});

test('a baseline of another hash than the version’s is not counted', async () => {
  const other = { baseline: 'aaaaaaaaaaaaaaaa' };
  const store = await storeOf(hour(MONDAY_MS, 400, () => ({ more: other })));
  const { versions } = await fleetDrift(store, DAY, CONTEXT);
  const [confidence] = versions[0]?.distributions ?? [];
  expect(BASELINE).not.toBe(other.baseline);
  expect(confidence?.field.every((n) => n === 0)).toBe(true);
  expect(confidence?.fromLab).toBeNull();
  await store.close();
});

test('a class of devices that is too small to show is not given away by what is missing to the whole', async () => {
  const device = (i: number) => (i < 200 ? 'phone' : i < 310 ? 'desktop-large' : 'tablet');
  const changed = (isNow: boolean) => (i: number) => ({
    device: device(i),
    ...(isNow && { confidence: [6, 3, 1] }),
  });
  const store = await storeOf([
    ...hour(MONDAY_MS, 330, changed(false)),
    ...hour(NEXT, 330, changed(true)),
  ]);
  const { versions } = await fleetDrift(store, fleetQuery(NEXT, NEXT + HOUR_MS), CONTEXT);
  const segments = versions[0]?.distributions[0]?.segments ?? [];
  const classes = segments.filter(({ dimension }) => dimension === 'device');
  expect(classes.map(({ value }) => value)).toEqual(['phone']);
  await store.close();
});

test('rows of a day are added up, each unit and cohort by itself', async () => {
  const store = await storeOf([
    ...hour(MONDAY_MS, 64),
    ...hour(MONDAY_MS + 20 * HOUR_MS, 64),
    ...hour(NEXT, 64),
  ]);
  const rows = await readCohortDays(store, fleetQuery(MONDAY_MS, NEXT + DAY_MS));
  expect(rows).toHaveLength(128);
  expect(rows.filter(({ hourMs }) => hourMs === MONDAY_MS)).toHaveLength(64);
  expect(rows.find(({ cohort, hourMs }) => cohort === 5 && hourMs === MONDAY_MS)?.counts.ok).toBe(
    20,
  );
  await store.close();
});

test('the first weekend of a model, with a third fewer reports, is no silence', async () => {
  const thursday = MONDAY_MS + 3 * DAY_MS;
  const reports = (i: number) => (i < 48 ? 39 : 24);
  const hours = Array.from({ length: 4 * 24 }, (_, i) => i);
  const store = await storeOf(hours.flatMap((i) => hour(thursday + i * HOUR_MS, reports(i))));
  const saturday = thursday + 2 * DAY_MS;
  const { hours: found } = await fleetSilence(store, fleetQuery(saturday, saturday + 2 * DAY_MS));
  expect(found.filter(({ isSilent }) => isSilent)).toEqual([]);
  await store.close();
});

test('two windows with one between that too few devices reported in are not running', async () => {
  const changed = () => ({ confidence: [6, 3, 1] });
  const store = await storeOf([
    ...[0, 1, 2].flatMap((i) => hour(MONDAY_MS + i * HOUR_MS, 320)),
    ...hour(NEXT, 320, changed),
    ...hour(NEXT + HOUR_MS, 20, changed),
    ...hour(NEXT + 2 * HOUR_MS, 320, changed),
  ]);
  const { versions } = await fleetDrift(store, fleetQuery(NEXT, NEXT + 3 * HOUR_MS), CONTEXT);
  const [confidence] = versions[0]?.distributions ?? [];
  expect(confidence?.windows.map(({ isAlarm }) => isAlarm)).toEqual([false, false]);
  await store.close();
});

test('what clocks that are a week behind put before a model began is no usual hour', async () => {
  const start = MONDAY_MS + 7 * DAY_MS;
  const hours = Array.from({ length: 48 }, (_, i) => start + i * HOUR_MS);
  const strays = hours.map((atMs) => atMs - 7 * DAY_MS).flatMap((atMs) => hour(atMs, 1));
  const store = await storeOf([...strays.slice(-3), ...hours.flatMap((atMs) => hour(atMs, 60))]);
  const { judgedFromMs } = await fleetSilence(
    store,
    fleetQuery(start + 45 * HOUR_MS, start + 48 * HOUR_MS),
  );
  expect(judgedFromMs).toBe(start + 7 * DAY_MS);
  await store.close();
});
