import { createMemoryStore } from '@nearside/artifact';
import type { Report, Store } from '@nearside/core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SAMPLE_DIMENSIONS } from '../../../testing/sample-dimensions.js';
import type { ReportTarget } from '../../options/plan-opening.js';
import { createReportTotals } from '../recorded.js';
import { asCounted } from './counted.js';
import { openOutbox } from './outbox.js';
import { startReporting } from './reporting.js';
import { increment, type Tally } from './tally.js';

const MINUTE_MS = 60_000;

beforeEach(() => {
  // Only the clock is ours; everything else takes the time it takes.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-03-01T23:50:00Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

type Consent = ReportTarget['consent'];

/** Nobody listens on port 9, so that what is sealed stays in the store. */
function start(
  store: Store,
  {
    to = 'http://127.0.0.1:9/',
    sampleRate = 1,
    consent,
  }: { to?: string; sampleRate?: number; consent?: Consent } = {},
) {
  const totals = createReportTotals();
  const reporting = startReporting(
    { endpoints: [to], sampleRate, traceRate: 0, app: '2026.11', consent },
    {
      store,
      totals,
      identity: { id: '0'.repeat(32), cohort: 3 },
      onSent() {},
      onDropped() {},
    },
  );
  const { weight: _, ...dimensions } = SAMPLE_DIMENSIONS;
  return Object.assign(reporting.of(asCounted({ dimensions, baseline: undefined })), {
    reporting,
    totals,
  });
}

function fail(tally: Tally): void {
  increment(tally.errors, 'deadline');
}

/** As they are sent. */
async function sealedReports(store: Store): Promise<Report[]> {
  const prefixes = (await store.keys('r/')).map((key) => key.split('/')[1] ?? '');
  const outboxes = [...new Set(prefixes)].map((prefix) =>
    openOutbox(store, { endpoints: [decodeURIComponent(prefix)], onDropped() {} }),
  );
  const sealed = outboxes.map(async ({ keys, get }) =>
    (await Promise.all((await keys()).map(get))).filter((report) => report !== undefined),
  );
  return (await Promise.all(sealed)).flat();
}

/** Something happens, and the page is hidden. */
async function useAndSeal(reporter: ReturnType<typeof start>): Promise<void> {
  reporter.count(fail);
  pass(1);
  await reporter.flush();
}

function pass(minutes: number): void {
  vi.setSystemTime(Date.now() + minutes * MINUTE_MS);
}

const firsts = async (store: Store) => (await sealedReports(store)).map(({ first }) => first);

test('a report says what it is the first of: of version and arm, by day and hour, and of failed days', async () => {
  const store = createMemoryStore();
  const reporter = start(store);
  await useAndSeal(reporter);
  await useAndSeal(reporter);
  pass(60);
  await useAndSeal(reporter);
  expect(await firsts(store)).toEqual(
    [['version-day', 'version-hour', 'arm-day', 'arm-day-failed'], undefined, ['version-hour']].map(
      (first, i) => (i < 2 ? first : expect.arrayContaining(first as string[])),
    ),
  );
});

test('two tabs are one device', async () => {
  const store = createMemoryStore();
  const tabs = [start(store), start(store)];
  for (const tab of tabs) tab.count(fail);
  pass(1);
  await Promise.all(tabs.map((tab) => tab.flush()));
  expect((await firsts(store)).filter((first) => first?.includes('version-day'))).toHaveLength(1);
});

test('a device that idles past midnight is counted on the new day', async () => {
  const store = createMemoryStore();
  const reporter = start(store);
  await useAndSeal(reporter);
  pass(9 * 60);
  await useAndSeal(reporter);
  const days = (await firsts(store)).filter((first) => first?.includes('version-day'));
  expect(days).toHaveLength(2);
});

test('a clock that is put back makes a device no second one', async () => {
  const store = createMemoryStore();
  const reporter = start(store);
  const days = async () =>
    (await firsts(store)).filter((first) => first?.includes('version-day')).length;
  await useAndSeal(reporter);
  expect(await days()).toBe(1);
  pass(-24 * 60);
  await useAndSeal(reporter);
  pass(24 * 60);
  await useAndSeal(reporter);
  expect(await days()).toBe(1);
});

test('a window that was slept through ends where something last happened, and the wake begins another', async () => {
  const store = createMemoryStore();
  const reporter = start(store);
  await reporter.flush();
  await new Promise((resolve) => setTimeout(resolve, 5)); // the store has told how long windows are
  reporter.count(fail);
  pass(3 * 60);
  reporter.count(fail);
  pass(1);
  await reporter.flush();
  const reports = await sealedReports(store);
  expect(reports.map(({ dt }) => dt)).toEqual([0, MINUTE_MS].map((ms) => expect.closeTo(ms, -2)));
  expect(reports.map(({ health }) => health.errors)).toEqual([{ deadline: 1 }, { deadline: 1 }]);
});

test('nothing is stored for sending without consent, and what waits goes with it', async () => {
  const store = createMemoryStore();
  let isGiven = true;
  const reporter = start(store, { consent: () => isGiven });
  await useAndSeal(reporter);
  expect(await sealedReports(store)).toHaveLength(1);
  isGiven = false;
  await useAndSeal(reporter);
  expect(await sealedReports(store)).toEqual([]);
  const throws = () => {
    throw new Error('no');
  };
  for (const consent of [() => Promise.reject(new Error('no')), throws]) {
    const refused = start(createMemoryStore(), { consent });
    await useAndSeal(refused);
    expect(refused.totals.sealed).toBe(0);
  }
});

test('a window that a store did not take is told as lost by the next one', async () => {
  const store = createMemoryStore();
  let isFull = true;
  const reporter = start({
    ...store,
    async commit(change) {
      if (isFull) throw new Error('full');
      return store.commit(change);
    },
  });
  await useAndSeal(reporter);
  isFull = false;
  await useAndSeal(reporter);
  const [report] = await sealedReports(store);
  expect(report?.loss).toEqual({ 'store-failed': 1 });
});

test('the app’s own release and the weight of a sampled day are in it', async () => {
  const store = createMemoryStore();
  await useAndSeal(start(store));
  const [report] = await sealedReports(store);
  expect(report?.dimensions).toMatchObject({ app: '2026.11', weight: 1 });
});

test('a report is stored within the very turn in which a page is closed', async () => {
  const store = createMemoryStore();
  const kept: number[] = [];
  const reporter = start({
    ...store,
    commit(change) {
      kept.push(change.set?.size ?? 0);
      return store.commit(change);
    },
  });
  await reporter.flush();
  reporter.count(fail);
  void reporter.flush();
  expect(kept).toEqual([2]); // the report, and how many windows there were
});

test('models that report to different collectors share no outbox', async () => {
  const store = createMemoryStore();
  await useAndSeal(start(store, { to: 'http://127.0.0.1:9/a' }));
  await useAndSeal(start(store, { to: 'http://127.0.0.1:9/b' }));
  const prefixes = (await store.keys('r/')).map((key) => decodeURIComponent(key).slice(0, -48));
  expect(new Set(prefixes).size).toBe(2);
});

test('a day that is not sampled makes no report', async () => {
  const store = createMemoryStore();
  const reporter = start(store, { sampleRate: 1e-9 });
  await useAndSeal(reporter);
  expect(await sealedReports(store)).toEqual([]);
});

test('a window in which nothing happened makes no report', async () => {
  const store = createMemoryStore();
  const reporter = start(store);
  pass(60);
  await reporter.flush();
  expect(await sealedReports(store)).toEqual([]);
});
