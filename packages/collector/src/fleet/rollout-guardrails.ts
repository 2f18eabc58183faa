import { marginName, type VersionFacts } from '@nearside/core';
import {
  type ArmSums,
  compareMeans,
  compareShares,
  compareSizes,
  type GuardrailResult,
} from '../statistics/guardrail.js';
import { type Verdict, verdictOf } from '../statistics/verdict.js';
import { armMeasures, type Measure, type Sides } from './arm-measures.js';
import { ratioByCohort } from './cohort-rows.js';
import type { ModelContext } from './query.js';

/** A measure of a rollout, and its margin. */
export interface Guardrail {
  readonly measure: Measure;
  /** A difference that is tolerated: as signed in `health`, else the standard one. */
  readonly margin: number;
  /** A verdict depends on it. An outcome without a signed margin is only shown. */
  readonly isJudged: boolean;
  /** Probability that the lower end is ever beyond the truth, and likewise the upper end. */
  readonly level: number;
  /** Both sides have something to compare. */
  readonly isComparable: boolean;
}

/** Probability that a version that is no worse is ever rolled back. */
const LEVEL = 0.01;
const BPS = 10_000;

export function guardrailsOf(
  sides: Sides,
  { version, facts }: { version: string } & Pick<ModelContext, 'facts'>,
): Guardrail[] {
  const versions = facts?.versions ?? [];
  const known = versions.find((one) => one.version === version);
  const isEven = hasEqualSides(version, versions);
  const guardrails = armMeasures(sides, { version, versions }).map((measure) => ({
    measure,
    ...marginOf(measure, known),
    isComparable: measure.kind !== 'size' || isEven,
  }));
  const judged = guardrails.filter(({ isJudged }) => isJudged).length;
  return guardrails.map((one) => ({ ...one, level: LEVEL / Math.max(1, judged) }));
}

/** Takes the signed margin, else the standard one. An outcome of the app is judged only with a signed margin. */
function marginOf(
  { name, kind, marginBps }: Measure,
  known: VersionFacts | undefined,
): Pick<Guardrail, 'margin' | 'isJudged'> {
  const signed = known?.health?.[marginName(name)];
  return {
    margin: (signed ?? marginBps) / BPS,
    isJudged: kind !== 'mean' || signed !== undefined,
  };
}

/**
 * Both sides have as many devices at all times only with one canary of at most half of all. The control is at the other
 * end of the buckets, as wide as the widest canary of the salt, and ends where canaries begin. Otherwise shares have
 * changed during the rollout, and numbers say nothing.
 */
function hasEqualSides(version: string, versions: readonly VersionFacts[]): boolean {
  const rollout = versions.find((one) => one.version === version)?.rollout;
  if (!rollout) return true;
  const canaries = versions.filter((one) => one.rollout?.salt === rollout.salt);
  return canaries.length === 1 && rollout.fromBps === 0 && rollout.toBps <= BPS / 2;
}

export function sumsByCohort({ canary, control }: Sides, { sums }: Measure): ArmSums[] {
  const ofControl = ratioByCohort(control, sums);
  return ratioByCohort(canary, sums).map((own, cohort) => ({
    canary: own,
    control: ofControl[cohort] ?? { part: 0, whole: 0 },
  }));
}

export function compareSides(
  cohorts: readonly ArmSums[],
  { measure: { kind }, margin, level, isComparable }: Guardrail,
): GuardrailResult | undefined {
  if (!isComparable) return undefined;
  if (kind === 'size') return compareSizes(cohorts, { margin, level });
  if (kind === 'mean') return compareMeans(cohorts, { margin, level });
  return compareShares(cohorts, { margin, level });
}

/** @param isKnown the signed release is known; without it nothing is promoted, because its margins may be others */
export function verdictOn(
  compared: readonly {
    readonly guardrail: Guardrail;
    readonly result: GuardrailResult | undefined;
  }[],
  { isKnown }: { isKnown: boolean },
): Verdict {
  return verdictOf([
    ...compared
      .filter(({ guardrail }) => guardrail.isJudged)
      .map(({ guardrail: { measure, margin }, result }) => ({
        name: measure.name,
        margin,
        result,
      })),
    ...(isKnown ? [] : [{ name: 'signed-margins', margin: 0, result: undefined }]),
  ]);
}
