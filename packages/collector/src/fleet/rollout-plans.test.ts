import { expect, test } from 'vitest';
import { verdictOf } from '../statistics/verdict.js';
import type { CohortRow } from '../store/rollup-store.js';
import { DAY_MS, FACTS, MONDAY_MS } from '../testing/fleet-store.js';
import { type SeededDraws, seededDraws } from '../testing/seeded-draws.js';
import { compareSides, guardrailsOf, judged, sumsByCohort } from './rollout-guardrails.js';
import { plansBy } from './rollout-plans.js';

/** Devices differ in how often they come, how much they run, and how often that fails. */
function devicesOf(count: number, draws: SeededDraws) {
  return Array.from({ length: count }, () => ({
    cohort: draws.below(64),
    comes: 0.3 + 0.7 * draws.uniform(),
    runs: 1 + draws.below(20),
    fails: draws.chance(0.1) ? 0.08 * draws.uniform() : 0.002,
  }));
}

/** A day of devices, as a row for each cohort. */
function dayOf(
  devices: ReturnType<typeof devicesOf>,
  day: number,
  draws: SeededDraws,
): CohortRow[] {
  const rows = Array.from({ length: 64 }, () => ({ ok: 0, failed: 0, devices: 0, failing: 0 }));
  for (const { cohort, comes, runs, fails } of devices) {
    const row = rows[cohort];
    if (!row || !draws.chance(comes)) continue;
    let failed = 0;
    for (let run = 0; run < runs; run += 1) if (draws.chance(fails)) failed += 1;
    row.ok += runs - failed;
    row.failed += failed;
    row.devices += 1;
    if (failed > 0) row.failing += 1;
  }
  return rows.map(({ ok, failed, devices, failing }, cohort) => ({
    unit: { model: 'digits', version: '', assigned: '', arm: '', experiment: '' },
    hourMs: MONDAY_MS + day * DAY_MS,
    cohort,
    counts: {
      ...{ ok, failed, opens: { tried: devices } },
      firsts: { 'arm-day': devices, 'arm-day-failed': failing },
      histograms: { 'latency.total': { z: 0, sum: ok, b: { 0: ok } } },
    },
  }));
}

/** Wide margins, so that few devices are enough for a test. */
const HEALTH = {
  'failed-runs-bps': 100,
  'failed-devices-bps': 500,
  'failed-starts-bps': 100,
  'slow-runs-bps': 300,
  'missing-devices-bps': 3000,
};
const VERSIONS = FACTS.versions.map((one) => ({ ...one, health: HEALTH }));
const CONTEXT = { facts: { ...FACTS, versions: VERSIONS }, minDevices: 50 };

/** The days on which a canary that is no worse has its verdict, of as many devices on each side. */
function hasVerdict(count: number, { seed, days }: { seed: number; days: readonly number[] }) {
  const draws = seededDraws(seed);
  const arms = { canary: devicesOf(count, draws), control: devicesOf(count, draws) };
  const sides: { canary: CohortRow[]; control: CohortRow[] } = { canary: [], control: [] };
  return Array.from({ length: Math.max(...days) }, (_, i) => i + 1).flatMap((day) => {
    sides.canary.push(...dayOf(arms.canary, day, draws));
    sides.control.push(...dayOf(arms.control, day, draws));
    if (!days.includes(day)) return [];
    const asked = { version: '1.1.0', facts: CONTEXT.facts };
    const compared = guardrailsOf(sides, asked).map((guardrail) => ({
      guardrail,
      result: compareSides(sumsByCohort(sides, guardrail.measure), guardrail),
    }));
    return verdictOf(judged(compared)).verdict === 'promote' ? [day] : [];
  });
}

function plansOf(count: number, { days = 7 } = {}) {
  const draws = seededDraws(1);
  const fleet = devicesOf(count, draws);
  const rows = Array.from({ length: days }, (_, day) => dayOf(fleet, day, draws)).flat();
  return new Map(plansBy(rows, CONTEXT).map(({ share, hours }) => [share, hours]));
}

test('most simulated canaries that are no worse have their verdict by the planned hour, and not many after a quarter of it', () => {
  expect(plansOf(3000).get(0.25)).toBe(88);
  const days = [1, 4];
  const found = Array.from({ length: 30 }, (_, seed) => hasVerdict(750, { seed, days }));
  expect(found.filter((one) => one.includes(4)).length).toBeGreaterThan(30 * 0.75);
  expect(found.filter((one) => one.includes(1)).length).toBeLessThan(30 * 0.5);
});

test('a plan is not known of too few devices, of a fleet of one day, or where it is more than a year', () => {
  const many = plansOf(6000);
  expect([...many.keys()]).toEqual([0.01, 0.05, 0.1, 0.25, 0.5]);
  // 60 devices are in too few cohorts; 300 on each side differ for ever by more than is tolerated
  expect([...many.values()].map((hours) => hours !== null)).toEqual([
    false,
    false,
    true,
    true,
    true,
  ]);
  expect(new Set(plansOf(6000, { days: 1 }).values())).toEqual(new Set([null]));
});
