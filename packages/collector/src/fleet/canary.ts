import { type ModelFacts, marginName, type VersionFacts } from '@nearside/core';
import type { CohortRow, RollupReads } from '../rollup-store.js';
import type { Figure } from '../statistics/figure.js';
import {
  type ArmSums,
  compareMeans,
  compareShares,
  compareSizes,
  type GuardrailResult,
} from '../statistics/guardrail.js';
import { type Verdict, verdictOf } from '../statistics/verdict.js';
import { armMeasures, type Measure } from './arm-measures.js';
import { readCohortDays } from './cohort-days.js';
import { devicesOnBusiestDay, ratioByCohort } from './cohort-hours.js';
import type { FleetQuery } from './query.js';

/** Answer of `GET /v1/fleet/canary`: each rollout of the range against its control. */
export interface FleetCanary {
  readonly model: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly minDevices: number;
  readonly rollouts: readonly RolloutFigures[];
}

export interface RolloutFigures {
  readonly version: string;
  readonly experiment: string;
  /** Of its first report in the range. */
  readonly sinceMs: number;
  /** By side, on the busiest UTC day. */
  readonly devices: { readonly canary: number; readonly control: number };
  readonly guardrails: readonly GuardrailFigures[];
  readonly verdict: RolloutVerdict;
  /** What the verdict was at the end of each UTC day since the first report, of all that had been seen until then; the last is of now. */
  readonly history: readonly {
    readonly atMs: number;
    readonly verdict: RolloutVerdict['verdict'];
  }[];
}

type RolloutVerdict = Verdict | { readonly verdict: 'none'; readonly because: NoVerdict };

/** Why there is nothing to say: nobody to compare with, or too few. */
type NoVerdict = 'no-control' | 'too-few-devices';

export interface GuardrailFigures {
  readonly name: string;
  /** What is tolerated: as signed in `health`, else the standard one. */
  readonly margin: number;
  /** Of each side: what it is a share of. */
  readonly n: { readonly canary: number; readonly control: number };
  /** Shares; means where an outcome is compared. Null where nothing was counted. */
  readonly canary: number | null;
  readonly control: number | null;
  /** How much worse the canary is; its interval holds at every look. Null: too little is known. */
  readonly difference: Figure;
  readonly cohorts: number;
  /** Whether a verdict depends on it: an outcome without a signed margin is shown alone. */
  readonly isJudged: boolean;
}

export interface CanaryContext {
  readonly facts?: ModelFacts['models'][number] | undefined;
  readonly minDevices: number;
}

/** Probability that any guardrail of a rollout ever rolls back a version that is no worse. */
const LEVEL = 0.01;
const BPS = 10_000;

export async function fleetCanary(
  store: RollupReads,
  query: FleetQuery,
  context: CanaryContext,
): Promise<FleetCanary> {
  const { model, fromMs, toMs } = query;
  const rollouts: RolloutFigures[] = [];
  for (const { experiment, version } of await store.rollouts(model)) {
    if (query.version !== undefined && query.version !== version) continue;
    const rows = await readCohortDays(store, { model, fromMs, toMs, experiment });
    const figures = rolloutFigures(rows, { version, experiment, ...context });
    if (figures) rollouts.push(figures);
  }
  rollouts.sort((a, b) => b.sinceMs - a.sinceMs);
  return { model, fromMs, toMs, minDevices: context.minDevices, rollouts };
}

interface Asked extends CanaryContext {
  readonly version: string;
  readonly experiment: string;
}

function rolloutFigures(rows: readonly CohortRow[], asked: Asked): RolloutFigures | undefined {
  const { version, experiment, facts, minDevices } = asked;
  const canary = rows.filter(({ unit }) => unit.arm === 'canary' && unit.assigned === version);
  if (canary.length === 0) return undefined;
  const control = rows.filter(({ unit }) => unit.arm === 'control');
  const devices = { canary: devicesOnBusiestDay(canary), control: devicesOnBusiestDay(control) };
  const sinceMs = Math.min(...canary.map(({ hourMs }) => hourMs));
  const about = { version, experiment, sinceMs, devices };
  if (control.length === 0) {
    return { ...about, guardrails: [], verdict: { verdict: 'none', because: 'no-control' } };
  }
  if (Math.min(devices.canary, devices.control) < minDevices) {
    return { ...about, guardrails: [], verdict: { verdict: 'none', because: 'too-few-devices' } };
  }
  const known = facts?.versions.find((one) => one.version === version);
  const measures = armMeasures({ canary, control }, { version, versions: facts?.versions ?? [] });
  const judged = measures.filter((measure) => marginOf(measure, known).isJudged).length;
  const results = measures.map((measure) => {
    const { margin, isJudged } = marginOf(measure, known);
    const cohorts = sumsByCohort({ canary, control }, measure);
    const result = compare(cohorts, measure, {
      margin,
      level: LEVEL / Math.max(1, judged),
      isComparable: measure.kind !== 'size' || hasEqualSides(version, facts?.versions ?? []),
    });
    return {
      figures: guardrailFigures(cohorts, {
        ...{ measure, margin, isJudged, result },
        devices: devices.canary + devices.control,
      }),
      result,
    };
  });
  const verdict = verdictOf([
    ...results
      .filter(({ figures }) => figures.isJudged)
      .map(({ figures: { name, margin }, result }) => ({ name, margin, result })),
    // what the release has signed is not known: nothing is promoted by margins that it may not have
    ...(known ? [] : [{ name: 'signed-margins', margin: 0, result: undefined }]),
  ]);
  return { ...about, guardrails: results.map(({ figures }) => figures), verdict };
}

/** As the signed release says, else by default; what an app declares is judged only with a signed margin. */
function marginOf(
  { name, kind, marginBps }: Measure,
  known: VersionFacts | undefined,
): { margin: number; isJudged: boolean } {
  const signed = known?.health?.[marginName(name)];
  return {
    margin: (signed ?? marginBps) / BPS,
    isJudged: kind !== 'mean' || signed !== undefined,
  };
}

/**
 * Whether there should be as many devices on both sides all the time. The control is at the other end of the buckets, as wide
 * as the widest canary of the salt, and ends where canaries begin: beyond a half of all, or with two canaries, shares have
 * changed while the rollout went on, and numbers say nothing.
 */
function hasEqualSides(version: string, versions: readonly VersionFacts[]): boolean {
  const rollout = versions.find((one) => one.version === version)?.rollout;
  if (!rollout) return true;
  const canaries = versions.filter((one) => one.rollout?.salt === rollout.salt);
  return canaries.length === 1 && rollout.fromBps === 0 && rollout.toBps <= BPS / 2;
}

function compare(
  cohorts: readonly ArmSums[],
  { kind }: Measure,
  { margin, level, isComparable }: { margin: number; level: number; isComparable: boolean },
): GuardrailResult | undefined {
  if (!isComparable) return undefined;
  if (kind === 'size') return compareSizes(cohorts, { margin, level });
  if (kind === 'mean') return compareMeans(cohorts, { margin, level });
  return compareShares(cohorts, { margin, level });
}

interface Sides {
  readonly canary: readonly CohortRow[];
  readonly control: readonly CohortRow[];
}

function sumsByCohort({ canary, control }: Sides, { sums }: Measure): ArmSums[] {
  const ofControl = ratioByCohort(control, sums);
  return ratioByCohort(canary, sums).map((own, cohort) => ({
    canary: own,
    control: ofControl[cohort] ?? { part: 0, whole: 0 },
  }));
}

function guardrailFigures(
  cohorts: readonly ArmSums[],
  {
    measure: { name, kind },
    margin,
    isJudged,
    result,
    devices,
  }: {
    measure: Measure;
    margin: number;
    isJudged: boolean;
    result: GuardrailResult | undefined;
    devices: number;
  },
): GuardrailFigures {
  const of = (side: keyof ArmSums) => {
    const part = cohorts.reduce((sum, cohort) => sum + cohort[side].part, 0);
    const whole = cohorts.reduce((sum, cohort) => sum + cohort[side].whole, 0);
    const value = kind === 'size' || whole === 0 ? null : part / whole;
    return { value, whole };
  };
  const [canary, control] = [of('canary'), of('control')];
  return {
    name,
    margin,
    n: { canary: canary.whole, control: control.whole },
    canary: canary.value,
    control: control.value,
    difference: {
      value: result?.difference ?? null,
      low: result?.low ?? null,
      high: result?.high ?? null,
      n: canary.whole + control.whole,
      devices,
      method: kind === 'size' ? 'sample-ratio' : 'trimmed-difference',
      estimated: false,
    },
    cohorts: result?.cohorts ?? 0,
    isJudged,
  };
}
