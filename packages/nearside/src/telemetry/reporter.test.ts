import { createMemoryStore } from '@nearside/artifact';
import type { Report, Store } from '@nearside/core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SAMPLE_DIMENSIONS } from '../testing/sample-dimensions.js';
import { countFailure, createReportTotals } from './lifetime.js';
import { startReporter } from './reporter.js';
import { createReportingDays } from './reporting-day.js';

const MINUTE_MS = 60_000;

beforeEach(() => {
  // Only the clock is ours; everything else takes the time it takes.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-03-01T23:50:00Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Nobody listens on port 9, so that what is sealed stays in the store. */
function start(store: Store, { to = 'http://127.0.0.1:9/', sampleRate = 1 } = {}) {
  return startReporter({
    target: { endpoints: [to], sampleRate },
    store,
    readDay: createReportingDays(store),
    totals: createReportTotals(),
    identity: { id: '0'.repeat(32), cohort: 3 },
    driftEdges: undefined,
    dimensions: SAMPLE_DIMENSIONS,
    onSent() {},
    onDropped() {},
  });
}

async function sealedReports(store: Store): Promise<Report[]> {
  const keys = await store.keys('r/');
  return (await Promise.all(keys.map((key) => store.get(key)))) as Report[];
}

/** Something happens, and the page is hidden. */
async function useAndSeal(reporter: ReturnType<typeof start>): Promise<void> {
  countFailure(reporter.window, 'deadline');
  pass(1);
  await reporter.flush();
}

function pass(minutes: number): void {
  vi.setSystemTime(Date.now() + minutes * MINUTE_MS);
}

test('the first report of a day counts the device, the next ones do not', async () => {
  const store = createMemoryStore();
  const reporter = start(store);
  await useAndSeal(reporter);
  await useAndSeal(reporter);
  expect((await sealedReports(store)).map(({ first }) => first)).toEqual([true, false]);
});

test('a device that idles past midnight is counted on the new day', async () => {
  const store = createMemoryStore();
  const reporter = start(store);
  await useAndSeal(reporter);
  pass(9 * 60);
  await reporter.flush(); // as every five minutes
  await useAndSeal(reporter);
  expect((await sealedReports(store)).map(({ first }) => first)).toEqual([true, true]);
});

test('a report is stored within the very turn in which a page is closed', async () => {
  const store = createMemoryStore();
  const commits: number[] = [];
  const reporter = start({
    ...store,
    commit(change) {
      commits.push(change.set?.size ?? 0);
      return store.commit(change);
    },
  });
  await reporter.flush();
  countFailure(reporter.window, 'deadline');
  void reporter.flush();
  expect(commits).toEqual([2]);
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
