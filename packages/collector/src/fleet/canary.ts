import { HOUR_MS } from '../counting/time.js';
import type { RatioSums } from '../statistics/cohort-ratio.js';
import type { Figure } from '../statistics/figure.js';
import { type ArmSums, FEWEST_COHORTS, onBothSides, sumsBySide } from '../statistics/guardrail.js';
import { type Hold, hoursUntilVerdict, isWorse, type Verdict } from '../statistics/verdict.js';
import type { CohortRow, ModelRange, RollupReads } from '../store/rollup-store.js';
import type { Sides } from './arm-measures.js';
import { devicesOnBusiestDay } from './cohort-rows.js';
import type { PartName } from './observed-bins.js';
import type { FleetQuery, ModelContext } from './query.js';
import { readRolloutDays } from './rollout-days.js';
import {
  type Compared,
  compareSides,
  type Guardrail,
  guardrailsOf,
  sumsByCohort,
  verdictOn,
} from './rollout-guardrails.js';
import { type RolloutPart, rolloutParts } from './rollout-parts.js';

/** Answer of `GET /v1/fleet/canary`: each rollout against its control, from its first day to the end of the range. */
export interface FleetCanary extends ModelRange {
  /** There is no verdict with fewer on one side. */
  readonly minDevices: number;
  /** A measure is not compared with fewer cohorts on both sides. */
  readonly minCohorts: number;
  readonly rollouts: readonly RolloutFigures[];
}

export interface RolloutFigures {
  readonly version: string;
  readonly experiment: string;
  /** Time of its first report, which may be before the range. */
  readonly sinceMs: number;
  /** It was taken back, or is for all now. Its figures are those of the time while it ran. */
  readonly isOver: boolean;
  /** Devices by side, on the busiest UTC day. */
  readonly devices: { readonly canary: number; readonly control: number };
  readonly guardrails: readonly GuardrailFigures[];
  /** Measures by which a device class or a backend is worse by itself. */
  readonly parts: readonly PartFigures[];
  readonly verdict: RolloutVerdict;
}

export type RolloutVerdict = Exclude<Verdict, Hold> | RolloutHold | NoVerdict;

export interface RolloutHold extends Hold {
  /**
   * Hours until a verdict at today's rate: `times` as many reports as came since the first, at their mean rate. Null where
   * that is not known, where it is more than a year, and where the rollout is over.
   */
  readonly hours: number | null;
}

/** There is no verdict without a control, or with too few devices. */
export interface NoVerdict {
  readonly verdict: 'none';
  readonly because: 'no-control' | 'too-few-devices';
}

export interface GuardrailFigures {
  readonly name: string;
  /** A difference that is tolerated: as signed in `health`, else the standard one. */
  readonly margin: number;
  /** The denominator of the share, by side. */
  readonly n: { readonly canary: number; readonly control: number };
  /** Shares, or means of an outcome. Null where nothing was counted. */
  readonly canary: number | null;
  readonly control: number | null;
  /** How much worse the canary is. The interval holds at every look. Null where too little is known. */
  readonly difference: Figure;
  /** Cohorts with both sides. */
  readonly cohorts: number;
  /** A verdict depends on it. An outcome without a signed margin is only shown. */
  readonly isJudged: boolean;
}

/** How much worse the canary is on some devices. */
export interface PartFigures extends PartName {
  /** As in the verdict: `slow-runs-on-tablet`. */
  readonly name: string;
  readonly margin: number;
  readonly difference: Figure;
}

export async function fleetCanary(
  store: RollupReads,
  query: FleetQuery,
  context: ModelContext,
): Promise<FleetCanary> {
  const { model, fromMs, toMs } = query;
  const journal = (await store.releases(model)).filter(({ atMs }) => atMs < toMs);
  const rollouts: RolloutFigures[] = [];
  for (const { experiment, version } of await store.rollouts(model)) {
    if (query.version !== undefined && query.version !== version) continue;
    // the state at the end of the range, where that is known
    const state =
      journal.findLast((release) => release.version === version) ??
      context.facts?.versions.find((one) => one.version === version);
    // it has ended when the version was taken back, or is for all
    const isOver = state !== undefined && (state.state === 'revoked' || !state.rollout);
    if (isOver && context.isOfNow) continue;
    const rows = await readRolloutDays(store, { model, fromMs, toMs, experiment, version });
    const figures = rolloutFigures(rows, { version, experiment, isOver, toMs, ...context });
    if (figures) rollouts.push(figures);
  }
  rollouts.sort((a, b) => b.sinceMs - a.sinceMs);
  const { minDevices } = context;
  return { model, fromMs, toMs, minDevices, minCohorts: FEWEST_COHORTS, rollouts };
}

interface Asked extends ModelContext {
  readonly version: string;
  readonly experiment: string;
  readonly isOver: boolean;
  readonly toMs: number;
}

function rolloutFigures(rows: readonly CohortRow[], asked: Asked): RolloutFigures | undefined {
  const { version, experiment, isOver, toMs, facts, minDevices } = asked;
  const canary = rows.filter(({ unit }) => unit.arm === 'canary' && unit.assigned === version);
  if (canary.length === 0) return undefined;
  const control = rows.filter(({ unit }) => unit.arm === 'control');
  const sides = { canary, control };
  const devices = { canary: devicesOnBusiestDay(canary), control: devicesOnBusiestDay(control) };
  const sinceMs = Math.min(...canary.map(({ hourMs }) => hourMs));
  const isKnown = facts?.versions.some((one) => one.version === version) ?? false;
  const none = noVerdict(devices, minDevices);
  const guardrails = none ? [] : guardrailsOf(sides, { version, facts });
  const whole = compareAll(sides, guardrails);
  const parts = none ? [] : rolloutParts(sides, { guardrails, version, facts, minDevices });
  const comparedParts = parts.map((part) => ({
    part,
    compared: compareAll(part.sides, part.guardrails),
  }));
  const compared = { whole, parts: comparedParts.flatMap(({ compared }) => compared) };
  const verdict = none ?? verdictOn(compared, { isKnown });
  return {
    version,
    experiment,
    sinceMs,
    isOver,
    devices,
    guardrails: whole.map((one) =>
      guardrailFigures(one, { devices: devices.canary + devices.control }),
    ),
    parts: comparedParts.flatMap(worsePart),
    verdict:
      verdict.verdict === 'hold'
        ? {
            ...verdict,
            hours: isOver ? null : hoursUntilVerdict(verdict, (toMs - sinceMs) / HOUR_MS),
          }
        : verdict,
  };
}

function compareAll(sides: Sides, guardrails: readonly Guardrail[]): ComparedSums[] {
  return guardrails.map((guardrail) => {
    const cohorts = sumsByCohort(sides, guardrail.measure);
    return { guardrail, cohorts, result: compareSides(cohorts, guardrail) };
  });
}

function worsePart({
  part: { dimension, value, sides },
  compared,
}: {
  readonly part: RolloutPart;
  readonly compared: readonly ComparedSums[];
}): PartFigures[] {
  const devices = devicesOnBusiestDay(sides.canary) + devicesOnBusiestDay(sides.control);
  return compared
    .filter(({ guardrail: { margin }, result }) => isWorse({ margin, result }))
    .map((one) => {
      const { name, margin, difference } = guardrailFigures(one, { devices });
      return { dimension, value, name, margin, difference };
    });
}

function noVerdict(
  { canary, control }: RolloutFigures['devices'],
  minDevices: number,
): NoVerdict | undefined {
  if (control === 0) return { verdict: 'none', because: 'no-control' };
  if (Math.min(canary, control) >= minDevices) return undefined;
  return { verdict: 'none', because: 'too-few-devices' };
}

interface ComparedSums extends Compared {
  readonly cohorts: readonly ArmSums[];
}

function guardrailFigures(
  { guardrail, cohorts, result }: ComparedSums,
  { devices }: { devices: number },
): GuardrailFigures {
  const { measure, margin, isJudged } = guardrail;
  const { name, kind } = measure;
  const { canary, control } = sumsBySide(cohorts);
  const ratioOn = ({ part, whole }: RatioSums) =>
    kind === 'size' || whole === 0 ? null : part / whole;
  return {
    name,
    margin,
    n: { canary: canary.whole, control: control.whole },
    canary: ratioOn(canary),
    control: ratioOn(control),
    difference: {
      value: result?.difference ?? null,
      low: result?.low ?? null,
      high: result?.high ?? null,
      n: canary.whole + control.whole,
      devices,
      method: kind === 'size' ? 'sample-ratio' : 'trimmed-difference',
      estimated: false,
    },
    cohorts: result?.cohorts ?? onBothSides(cohorts).length,
    isJudged,
  };
}
