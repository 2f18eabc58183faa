import { COHORTS } from '@nearside/core';
import { DAY_MS, utcDay } from '../counting/time.js';
import type { RatioSums } from '../statistics/cohort-ratio.js';
import { FEWEST_COHORTS, leastVariance, radiusFor, shortfall } from '../statistics/guardrail.js';
import { trimmedDifference } from '../statistics/trimmed-difference.js';
import { MOST_HOURS } from '../statistics/verdict.js';
import type { CohortRow, RollupReads } from '../store/rollup-store.js';
import type { Measure } from './arm-measures.js';
import { devicesOnBusiestDay, ratioByCohort, readCohortDays } from './cohort-rows.js';
import { grouped } from './grouping.js';
import type { FleetQuery, ModelContext } from './query.js';
import { type Guardrail, guardrailsOf } from './rollout-guardrails.js';

/** What a canary of this share of all installs needs. */
export interface RolloutPlan {
  readonly share: number;
  /**
   * Hours until most versions that are no worse have their verdict, if reports come as in the last week. Null where that is not known,
   * and where it is more than a year.
   */
  readonly hours: number | null;
}

const SHARES = [0.01, 0.05, 0.1, 0.25, 0.5];
/** Whole UTC days of all devices. Reports are taken to come at the mean rate of these. */
const DAYS = 7;
/** Nineteen of twenty estimates are less above the truth, in standard deviations: several have to be, at the same time. */
const ABOVE = 1.64;

/** Plans rollouts by how much the fleet's own cohorts have differed lately. */
export async function rolloutPlans(
  store: Pick<RollupReads, 'cohortDays'>,
  { model, toMs }: Pick<FleetQuery, 'model' | 'toMs'>,
  context: ModelContext,
): Promise<RolloutPlan[]> {
  const endMs = utcDay(toMs) * DAY_MS;
  const range = { model, fromMs: endMs - DAYS * DAY_MS, toMs: endMs };
  return plansBy(await readCohortDays(store, range), context);
}

/** @param rows of whole UTC days, of all devices */
export function plansBy(
  rows: readonly CohortRow[],
  { facts, minDevices }: ModelContext,
): RolloutPlan[] {
  const newest = facts?.versions.toSorted((a, b) => b.sequence - a.sequence)[0]?.version ?? '';
  const sides = { canary: [], control: rows };
  const needs = guardrailsOf(sides, { version: newest, facts })
    .filter(({ isJudged }) => isJudged)
    .map((guardrail) => needOf(rows, guardrail));
  const devices = devicesOnBusiestDay(rows);
  return SHARES.map((share) => {
    const isEnough =
      share * devices >= minDevices && cohortsWith(share * devices) >= FEWEST_COHORTS;
    return { share, hours: isEnough ? hoursFor(share, needs) : null };
  });
}

/** Cohorts that have devices on both sides, of so many devices on each. */
function cohortsWith(devices: number): number {
  return COHORTS * (1 - Math.exp(-devices / COHORTS)) ** 2;
}

/** What a guardrail depends on. Undefined where the fleet shows too little. */
interface Need extends Pick<Guardrail, 'margin' | 'level'> {
  readonly kind: Measure['kind'];
  /** Events of all devices on a day. */
  readonly ofDay: RatioSums;
  /** Variance of a difference between two sides, each as large as the fleet, after a day. */
  readonly variance: number;
  /** What is left of it however long one waits: devices differ, and stay on their side. */
  readonly remains: number;
}

function needOf(rows: readonly CohortRow[], guardrail: Guardrail): Need | undefined {
  const { measure, margin, level } = guardrail;
  const { kind, sums } = measure;
  const days = [...grouped(rows, ({ hourMs }) => utcDay(hourMs)).values()];
  const [whole, ...found] = [rows, ...days].map((own) =>
    varianceOf(ratioByCohort(own, sums), kind),
  );
  const ofDays = found.filter((one) => one !== undefined);
  const n = ofDays.length;
  if (whole === undefined || n < 2) return undefined;
  const variance = ofDays.reduce((sum, one) => sum + one, 0) / n;
  // after d days it is remains + (variance − remains) ÷ d
  const remains = Math.min(variance, Math.max(0, (n * whole - variance) / (n - 1)));
  const all = ratioByCohort(rows, sums);
  const ofDay = {
    part: all.reduce((sum, { part }) => sum + part, 0) / n,
    whole: all.reduce((sum, one) => sum + one.whole, 0) / n,
  };
  return {
    kind,
    margin: kind === 'size' ? shortfall(margin) : margin,
    level,
    ofDay,
    variance,
    remains,
  };
}

function varianceOf(cohorts: readonly RatioSums[], kind: Measure['kind']): number | undefined {
  const seen = cohorts.filter(({ whole }) => whole > 0);
  if (seen.length < FEWEST_COHORTS) return undefined;
  const isSize = kind === 'size';
  const { value, variance, degrees } = trimmedDifference(
    seen.map(({ part, whole }) =>
      isSize ? { difference: whole, weight: 1 } : { difference: part / whole, weight: whole },
    ),
  );
  // as it is judged: from few cohorts, and in shares of the mean
  const ofOne = (variance * degrees) / (degrees - 2) / (kind === 'share' ? 1 : value ** 2);
  // the canary's share of both sides' devices varies by an eighth of what their number on one side does
  return ofOne * (isSize ? 1 / 8 : 2);
}

function hoursFor(share: number, needs: readonly (Need | undefined)[]): number | null {
  const isSureAfter = (hours: number) =>
    needs.every((need) => need && isSure(need, { share, days: hours / 24 }));
  let [low, high] = [24, MOST_HOURS];
  if (!isSureAfter(high)) return null;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isSureAfter(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Tells whether most canaries that are no worse have their upper end under the margin by then. */
function isSure(need: Need, { share, days }: { share: number; days: number }): boolean {
  const { kind, margin, level, ofDay, variance, remains } = need;
  const expected = (remains + (variance - remains) / days) / share;
  const side = { part: ofDay.part * share * days, whole: ofDay.whole * share * days };
  const least = leastVariance[kind]([{ canary: side, control: side }]);
  const found = Math.max(expected, least);
  return radiusFor(found, margin, level) + ABOVE * Math.sqrt(found) <= margin;
}
