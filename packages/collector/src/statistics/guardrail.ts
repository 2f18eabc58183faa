import type { RatioSums } from './cohort-ratio.js';
import { radiusAtAnyLook, radiusForEffects } from './distributions.js';
import { withoutHeaviest } from './heaviest-cohorts.js';
import { trimmedDifference } from './trimmed-difference.js';

/** Sums of one cohort on both sides of a rollout. */
export interface ArmSums {
  readonly canary: RatioSums;
  readonly control: RatioSums;
}

/** How much worse the canary is, with an interval that holds at every look. */
export interface GuardrailResult {
  /** Canary less control. Above 0 is worse. */
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  /** It is sure, at every look but for {@link STEP_LEVEL}, that the canary is worse by less than twice the margin. */
  readonly isUnderTwice: boolean;
  /** Cohorts with both sides. */
  readonly cohorts: number;
  /**
   * Times as many devices as now until the interval could be under the margin, or above 0 where the difference is over the
   * margin. 1 is enough now, undefined is never.
   */
  needed(): number | undefined;
}

/** How a difference is judged. */
export interface Judgement {
  /** A difference that is tolerated. */
  readonly margin: number;
  /** Probability that the upper end is ever below the truth. */
  readonly level: number;
  /** Probability that the lower end is ever above the truth. As `level` where it is left out. */
  readonly lowLevel?: number;
}

/** Intervals are narrow for differences of about the margin, and for ones so large that nobody has to wait. */
const EFFECTS = [1, 20];
/**
 * Probability that a version that is worse by twice a margin is ever given a larger share. Where few starts fail a level of
 * 2 % let 4 of 200 simulated ones through, so it is less than what is asked for.
 */
const STEP_LEVEL = 0.005;
/** Stands for a margin of 0. */
const LEAST_EFFECT = 1e-4;

/** With fewer cohorts of the 64 that have both sides there is no verdict. */
export const FEWEST_COHORTS = 48;

/**
 * Compares shares cohort by cohort: of failed runs, or of device-days with a failure.
 *
 * @returns undefined where there is no verdict yet
 */
export function compareShares(
  cohorts: readonly ArmSums[],
  { margin, ...levels }: Judgement,
): GuardrailResult | undefined {
  const both = onBothSides(cohorts);
  const differences = both.map(({ canary, control }) => ({
    difference: canary.part / canary.whole - control.part / control.whole,
    weight: harmonic(canary.whole, control.whole),
  }));
  return judge(differences, {
    margin,
    ...levels,
    least: leastVariance.share(withoutLargest(both)),
  });
}

/**
 * Compares how many devices report on sides that should be equal. A version that kills its page sends no errors, and is
 * missing.
 *
 * @param cohorts devices by side, as `whole`
 * @returns the difference is the share of canary devices that are missing
 */
export function compareSizes(
  cohorts: readonly ArmSums[],
  { margin, ...levels }: Judgement,
): GuardrailResult | undefined {
  const seen = cohorts.filter(({ canary, control }) => canary.whole + control.whole > 0);
  const differences = seen.map(({ canary, control }) => {
    const whole = canary.whole + control.whole;
    return { difference: 0.5 - canary.whole / whole, weight: whole };
  });
  const missing = (difference: number) => {
    const share = Math.min(Math.max(0.5 - difference, 0), 1 - 1e-9);
    return 1 - share / (1 - share);
  };
  const found = judge(differences, {
    margin: shortfall(margin),
    twice: shortfall(2 * margin),
    ...levels,
    least: leastVariance.size(withoutLargest(seen)),
  });
  if (!found) return undefined;
  const { difference, low, high, ...rest } = found;
  return { ...rest, difference: missing(difference), low: missing(low), high: missing(high) };
}

/** Returns what the canary's share of the devices of both sides is short of a half, if this share of its own is missing. */
export function shortfall(missing: number): number {
  return 0.5 - (1 - missing) / (2 - missing);
}

/**
 * Compares means of an outcome of the app, as a share of the control's mean. The sums are Σ value and n. Less is worse.
 */
export function compareMeans(
  cohorts: readonly ArmSums[],
  { margin, ...levels }: Judgement,
): GuardrailResult | undefined {
  const both = onBothSides(cohorts);
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
  return judge(differences, { margin, ...levels, least: leastVariance.mean(withoutLargest(both)) });
}

function judge(
  differences: Parameters<typeof trimmedDifference>[0],
  {
    margin,
    twice = 2 * margin,
    level,
    lowLevel = level,
    least,
  }: Judgement & { readonly twice?: number; readonly least: number },
): GuardrailResult | undefined {
  const cohorts = differences.length;
  if (cohorts < FEWEST_COHORTS) return undefined;
  const { value, cautious, variance: found, degrees } = trimmedDifference(differences);
  // the variance is estimated from few cohorts, and varies as in Student's distribution
  const variance = Math.max(found, least) * (degrees / (degrees - 2));
  const radiusWith = (times: number, at: number) => radiusFor(variance / times, margin, at);
  const radiusForTwice = radiusAtAnyLook(variance, Math.max(twice, LEAST_EFFECT), STEP_LEVEL);
  return {
    difference: value,
    low: cautious - radiusWith(1, lowLevel),
    high: value + radiusWith(1, level),
    isUnderTwice: value + radiusForTwice < twice,
    cohorts,
    needed: () =>
      value > margin
        ? timesNeeded(cautious, (times) => radiusWith(times, lowLevel))
        : timesNeeded(margin - value, (times) => radiusWith(times, level)),
  };
}

/** Returns the radius of a difference's interval that holds at every look. */
export function radiusFor(variance: number, margin: number, level: number): number {
  const effects = EFFECTS.map((effect) => effect * Math.max(margin, LEAST_EFFECT));
  return radiusForEffects(variance, effects, level);
}

/** Each step is a tenth more devices. A million times as many is never. */
const STEP = 1.1;
const MOST_STEPS = 145;

/** Finds how many times the devices are needed until the radius fits into `room`. */
function timesNeeded(room: number, radiusWith: (times: number) => number): number | undefined {
  if (room <= 0) return undefined;
  let [low, high] = [0, MOST_STEPS];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (radiusWith(STEP ** middle) <= room) high = middle;
    else low = middle + 1;
  }
  return low < MOST_STEPS ? STEP ** low : undefined;
}

/**
 * Takes the other cohorts for all of them: a forger of four must not make a difference look sure by events without number,
 * or by more failures than events.
 */
function withoutLargest(cohorts: readonly ArmSums[]): ArmSums[] {
  const sizes = cohorts.map(({ canary, control }) => canary.whole + control.whole);
  const others = withoutHeaviest(cohorts, sizes);
  const times = cohorts.length / others.length;
  const raised = ({ part, whole }: RatioSums) => ({
    part: times * Math.min(part, whole),
    whole: times * whole,
  });
  return others.map(({ canary, control }) => ({
    canary: raised(canary),
    control: raised(control),
  }));
}

/** A difference varies by no less than this, whatever its cohorts say. */
export const leastVariance = {
  /** Of so many independent events one more has the property. */
  share(cohorts: readonly ArmSums[]): number {
    const { canary, control } = sumsBySide(cohorts);
    const share = (canary.part + control.part + 1) / (canary.whole + control.whole + 2);
    return share * (1 - share) * leastVariance.mean(cohorts);
  },
  size(cohorts: readonly ArmSums[]): number {
    const { canary, control } = sumsBySide(cohorts);
    return 0.25 / (canary.whole + control.whole);
  },
  /** Values vary by about their mean. */
  mean(cohorts: readonly ArmSums[]): number {
    const { canary, control } = sumsBySide(cohorts);
    return 1 / canary.whole + 1 / control.whole;
  },
};

/** Returns the cohorts that have something to compare. */
export function onBothSides(cohorts: readonly ArmSums[]): ArmSums[] {
  return cohorts.filter(({ canary, control }) => canary.whole > 0 && control.whole > 0);
}

/** Adds up the cohorts on each side. */
export function sumsBySide(cohorts: readonly ArmSums[]): ArmSums {
  const sums = { canary: { part: 0, whole: 0 }, control: { part: 0, whole: 0 } };
  for (const { canary, control } of cohorts) {
    sums.canary.part += canary.part;
    sums.canary.whole += canary.whole;
    sums.control.part += control.part;
    sums.control.whole += control.whole;
  }
  return sums;
}

function harmonic(a: number, b: number): number {
  return (a * b) / (a + b);
}
