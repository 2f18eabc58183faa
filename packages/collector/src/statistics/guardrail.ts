import type { RatioSums } from './cohort-ratio.js';
import { radiusAtAnyLook } from './distributions.js';
import { trimmedDifference } from './trimmed-difference.js';

/** What one cohort saw on both sides of a rollout. */
export interface ArmSums {
  readonly canary: RatioSums;
  readonly control: RatioSums;
}

/** How much worse the canary is, with an interval that holds at every look. */
export interface GuardrailResult {
  /** Canary less control; above 0 is worse. */
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  /** Cohorts with both sides. */
  readonly cohorts: number;
  /** Times as many devices as now until the interval could be under the margin; 1: enough. Undefined: never. */
  readonly needed: number | undefined;
}

/** Margins that an interval is narrow for: a difference about as large, and one that nobody has to wait to be sure of. */
const EFFECTS = [1, 20];
/** Of a margin of 0. */
const LEAST_EFFECT = 1e-4;

/** Of 64. With fewer that have both sides there is no verdict. */
export const FEWEST_COHORTS = 48;

/**
 * Compares shares – of runs that failed, of device-days with a failure – cohort by cohort.
 *
 * @param margin a difference that is tolerated
 * @param level probability that a lower end, or an upper one, is ever beyond the truth
 * @returns undefined where there is no verdict yet
 */
export function compareShares(
  cohorts: readonly ArmSums[],
  { margin, level }: { margin: number; level: number },
): GuardrailResult | undefined {
  const both = cohorts.filter(({ canary, control }) => canary.whole > 0 && control.whole > 0);
  const differences = both.map(({ canary, control }) => ({
    difference: canary.part / canary.whole - control.part / control.whole,
    weight: harmonic(canary.whole, control.whole),
  }));
  return judge(differences, { margin, level, least: leastVariance(both) });
}

/**
 * Compares how many devices report on sides that should be equal: a version that kills its page sends no errors, it goes
 * missing.
 *
 * @param cohorts devices by side, as `whole`
 * @returns the difference is the share of canary devices that are missing
 */
export function compareSizes(
  cohorts: readonly ArmSums[],
  { margin, level }: { margin: number; level: number },
): GuardrailResult | undefined {
  const seen = cohorts.filter(({ canary, control }) => canary.whole + control.whole > 0);
  const differences = seen.map(({ canary, control }) => {
    const whole = canary.whole + control.whole;
    return { difference: 0.5 - canary.whole / whole, weight: whole };
  });
  const devices = seen.reduce((sum, { canary, control }) => sum + canary.whole + control.whole, 0);
  const missing = (difference: number) => {
    const share = Math.min(Math.max(0.5 - difference, 0), 1 - 1e-9);
    return 1 - share / (1 - share);
  };
  // the share at which so many would be missing
  const found = judge(differences, {
    margin: 0.5 - (1 - margin) / (2 - margin),
    level,
    least: 0.25 / devices,
  });
  if (!found) return undefined;
  const { difference, low, high, ...rest } = found;
  return { ...rest, difference: missing(difference), low: missing(low), high: missing(high) };
}

/**
 * Compares means of what the app declares, as a share of the control's mean; the sums are Σ value and n. Less is worse.
 */
export function compareMeans(
  cohorts: readonly ArmSums[],
  { margin, level }: { margin: number; level: number },
): GuardrailResult | undefined {
  const both = cohorts.filter(({ canary, control }) => canary.whole > 0 && control.whole > 0);
  if (both.length < FEWEST_COHORTS) return undefined;
  const means = both.map(({ control }) => ({
    difference: control.part / control.whole,
    weight: control.whole,
  }));
  const scale = Math.abs(trimmedDifference(means).value);
  if (scale === 0) return undefined;
  const differences = both.map(({ canary, control }) => ({
    difference: (control.part / control.whole - canary.part / canary.whole) / scale,
    weight: harmonic(canary.whole, control.whole),
  }));
  // values vary by about as much as their mean is: no less is believed
  const n = (side: keyof ArmSums) => both.reduce((sum, cohort) => sum + cohort[side].whole, 0);
  const least = 1 / n('canary') + 1 / n('control');
  return judge(differences, { margin, level, least });
}

function judge(
  differences: Parameters<typeof trimmedDifference>[0],
  { margin, level, least }: { margin: number; level: number; least: number },
): GuardrailResult | undefined {
  const cohorts = differences.length;
  if (cohorts < FEWEST_COHORTS) return undefined;
  const { value, cautious, variance: found, degrees } = trimmedDifference(differences);
  // estimated from few cohorts, the variance has a variance too: as that of Student's distribution
  const variance = Math.max(found, least) * (degrees / (degrees - 2));
  const radiusWith = (times: number) =>
    Math.min(
      ...EFFECTS.map((effect) =>
        radiusAtAnyLook(
          variance / times,
          effect * Math.max(margin, LEAST_EFFECT),
          level / EFFECTS.length,
        ),
      ),
    );
  const radius = radiusWith(1);
  return {
    difference: value,
    low: cautious - radius,
    high: value + radius,
    cohorts,
    needed: timesNeeded(margin - value, radiusWith),
  };
}

/** How many times the devices are needed until the radius is within the room there is. */
function timesNeeded(room: number, radiusWith: (times: number) => number): number | undefined {
  if (room <= 0) return undefined;
  let times = 1;
  while (radiusWith(times) > room && times < 1e6) times *= 1.1;
  return times < 1e6 ? times : undefined;
}

/** As little as a share of so many events varies even if all were independent, one more having the property. */
function leastVariance(cohorts: readonly ArmSums[]): number {
  const of = (side: keyof ArmSums) => {
    const part = cohorts.reduce((sum, cohort) => sum + cohort[side].part, 0);
    const whole = cohorts.reduce((sum, cohort) => sum + cohort[side].whole, 0);
    return { part, whole };
  };
  const [canary, control] = [of('canary'), of('control')];
  const share = (canary.part + control.part + 1) / (canary.whole + control.whole + 2);
  return share * (1 - share) * (1 / canary.whole + 1 / control.whole);
}

function harmonic(a: number, b: number): number {
  return (a * b) / (a + b);
}
