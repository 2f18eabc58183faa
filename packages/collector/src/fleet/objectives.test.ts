import { expect, test } from 'vitest';
import { DEFAULT_TARGETS } from '../files/targets.js';
import {
  DAY_MS,
  type DeviceReport,
  fleetQuery,
  HOUR_MS,
  MONDAY_MS,
  storeOf,
} from '../testing/fleet-store.js';
import { fleetObjectives } from './objectives.js';

const TARGETS = { ...DEFAULT_TARGETS, successRate: 0.9, p95Ms: 100 };
const RANGE = fleetQuery(MONDAY_MS + 5 * HOUR_MS, MONDAY_MS + 3 * DAY_MS + HOUR_MS);

/** Reports of a UTC day, the first one at ten. */
function day(i: number, reports: readonly Partial<DeviceReport>[]): DeviceReport[] {
  return reports.map((one, g) => ({
    atMs: MONDAY_MS + i * DAY_MS + (10 + g) * HOUR_MS,
    g,
    ...one,
  }));
}

test('each day is held against its targets, and what went wrong in the range against what may', async () => {
  const store = await storeOf([
    // 20 results in time
    ...day(0, [{ ok: 10 }, { ok: 10 }]),
    // 19 of 20 results in time, 1 failure in 21 runs
    ...day(1, [
      { ok: 19, failed: 1 },
      { ok: 1, latencyMs: 300 },
    ]),
    // 10 results in time, 10 failures
    ...day(3, [{ ok: 10, failed: 10 }]),
  ]);
  const answer = await fleetObjectives(store, RANGE, { targets: TARGETS });
  expect(answer).toMatchObject({ fromMs: MONDAY_MS, toMs: MONDAY_MS + 4 * DAY_MS });
  expect(answer.days).toEqual([
    { atMs: MONDAY_MS, runs: 20, successRate: 1, withinTarget: 1, isMet: true },
    {
      ...{ atMs: MONDAY_MS + DAY_MS, runs: 21, successRate: 20 / 21 },
      ...{ withinTarget: 0.95, isMet: true },
    },
    {
      ...{ atMs: MONDAY_MS + 3 * DAY_MS, runs: 20, successRate: 0.5 },
      ...{ withinTarget: 1, isMet: false },
    },
  ]);
  // 11 of 61 runs failed, of which 6.1 may
  expect(answer.success).toEqual({ target: 0.9, runs: 61, bad: 11, allowed: 6.1, left: -0.803279 });
  // 1 of 50 results was late, of which 2.5 may be
  expect(answer.latency).toEqual({ target: 0.95, runs: 50, bad: 1, allowed: 2.5, left: 0.6 });
  await store.close();
});

test('a day with a success rate in its target and too many late results is not met', async () => {
  const store = await storeOf(day(0, [{ ok: 18 }, { ok: 2, latencyMs: 300 }]));
  const { days } = await fleetObjectives(store, RANGE, { targets: TARGETS });
  expect(days).toMatchObject([{ successRate: 1, withinTarget: 0.9, isMet: false }]);
  await store.close();
});

test('a day in which nothing succeeded has no share in time; where nothing ran there is no budget', async () => {
  const store = await storeOf(
    day(0, [
      {
        ok: 0,
        failed: 4,
        more: { health: { ok: 0, errors: { deadline: 4 } }, latency: undefined },
      },
    ]),
  );
  const { days, latency } = await fleetObjectives(store, RANGE, { targets: TARGETS });
  expect(days).toMatchObject([{ runs: 4, successRate: 0, withinTarget: null, isMet: false }]);
  expect(latency).toMatchObject({ runs: 0, bad: 0, allowed: 0, left: null });
  const later = { ...RANGE, fromMs: RANGE.toMs + DAY_MS, toMs: RANGE.toMs + 2 * DAY_MS };
  const nothing = await fleetObjectives(store, later, { targets: TARGETS });
  expect(nothing).toMatchObject({ days: [], success: { runs: 0, left: null } });
  await store.close();
});

test('where nothing may go wrong, each run that does is a budget overspent', async () => {
  const store = await storeOf(day(0, [{ ok: 7, failed: 3 }]));
  const strict = { ...TARGETS, successRate: 1 };
  const { success } = await fleetObjectives(store, RANGE, { targets: strict });
  expect(success).toEqual({ target: 1, runs: 10, bad: 3, allowed: 0, left: -2 });
  await store.close();
});
