import { BACKENDS, DEVICE_CLASSES, marginName, type VersionFacts } from '@nearside/core';
import {
  type ArmSums,
  compareMeans,
  compareShares,
  compareSizes,
  type GuardrailResult,
} from '../statistics/guardrail.js';
import type { Judged } from '../statistics/verdict.js';
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
  /** Probability that the upper end is ever below the truth. */
  readonly level: number;
  /** Probability that the lower end is ever above the truth. */
  readonly lowLevel: number;
  /** Both sides have something to compare. */
  readonly isComparable: boolean;
}

/** Probability that a version that is no worse is ever rolled back, and that one that is worse is ever promoted. */
const LEVEL = 0.01;
/** So much of the first is for the whole fleet, and so much for its parts together. */
const WHOLE_SHARE = 1 / 2;
/** As many parts as there can be: a part that comes later must not change the level of the others. */
const PARTS = DEVICE_CLASSES.length + BACKENDS.length;
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
  const levels = levelsOf(guardrails.filter(({ isJudged }) => isJudged).length);
  return guardrails.map((one) => ({ ...one, ...levels }));
}

/** @param judged number of the whole fleet's guardrails on which a verdict depends */
export function levelsOf(judged: number): Pick<Guardrail, 'level' | 'lowLevel'> {
  const level = LEVEL / Math.max(1, judged);
  return { level, lowLevel: WHOLE_SHARE * level };
}

/** @param level of the whole fleet's guardrails */
export function lowLevelOfPart(level: number): number {
  return ((1 - WHOLE_SHARE) * level) / PARTS;
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
  { measure: { kind }, isComparable, ...judgement }: Guardrail,
): GuardrailResult | undefined {
  if (!isComparable) return undefined;
  if (kind === 'size') return compareSizes(cohorts, judgement);
  if (kind === 'mean') return compareMeans(cohorts, judgement);
  return compareShares(cohorts, judgement);
}

export interface Compared {
  readonly guardrail: Guardrail;
  readonly result: GuardrailResult | undefined;
}

/** Returns what a verdict depends on. */
export function judged(compared: readonly Compared[]): Judged[] {
  return compared
    .filter(({ guardrail }) => guardrail.isJudged)
    .map(({ guardrail: { measure, margin }, result }) => ({ name: measure.name, margin, result }));
}
