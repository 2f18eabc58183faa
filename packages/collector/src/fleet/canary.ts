import { HOUR_MS } from '../counting/time.js';
import type { RatioSums } from '../statistics/cohort-ratio.js';
import type { Figure } from '../statistics/figure.js';
import {
  type ArmSums,
  FEWEST_COHORTS,
  type GuardrailResult,
  onBothSides,
  sumsBySide,
} from '../statistics/guardrail.js';
import { isWorse } from '../statistics/verdict.js';
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
  judged,
  sumsByCohort,
} from './rollout-guardrails.js';
import { type RolloutPart, rolloutParts } from './rollout-parts.js';
import { type RolloutPlan, rolloutPlans } from './rollout-plans.js';
import { type RanAs, ranAs, undoneUpdates } from './rollout-runs.js';
import { type DevicesBySide, type JudgedRollout, rolloutVerdict } from './rollout-verdict.js';
import { type SignedRollout, signedRollouts } from './signed-rollout.js';

/** Answer of `GET /v1/fleet/canary`: each rollout against its control, from its first day to the end of the range. */
export interface FleetCanary extends ModelRange {
  /** With fewer in the control there is no verdict. With fewer in the canary only their number is compared. */
  readonly minDevices: number;
  /** A measure is not compared with fewer cohorts on both sides. */
  readonly minCohorts: number;
  /** Version of the signed targets by whose facts it was judged. Null where that is not known. */
  readonly revision: number | null;
  /** Pin of the repository that they are from. */
  readonly pin: string | null;
  /** How long a canary of each share would take. Empty where only what is wrong now is asked for. */
  readonly plans: readonly RolloutPlan[];
  readonly rollouts: readonly RolloutFigures[];
}

export interface RolloutFigures extends JudgedRollout {
  readonly version: string;
  readonly experiment: string;
  /** Time of its first report, which may be before the range. */
  readonly sinceMs: number;
  /** It was taken back, or is for all now. Its figures are those of the time while it ran. */
  readonly isOver: boolean;
  /** Share of all installs that are to have it, 0 … 1. Null where it is not known, or over. */
  readonly share: number | null;
  /** Unix times at which its shares were offered, the oldest first. Empty where they are not known. */
  readonly offeredMs: readonly number[];
  /** Versions that served on each side, those with most runs first. */
  readonly ranAs: { readonly canary: readonly RanAs[]; readonly control: readonly RanAs[] };
  /** Updates to it that devices on its side undid by themselves, of those that they tried. */
  readonly undone: { readonly n: number; readonly of: number };
  readonly devices: DevicesBySide;
  readonly guardrails: readonly GuardrailFigures[];
  /** Measures by which a device class or a backend is worse by itself. */
  readonly parts: readonly PartFigures[];
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
  /** The side with more of an outcome, once that is sure. Null for all other measures. */
  readonly better: 'canary' | 'control' | null;
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
  const { facts, revision = null, pin = null, minDevices } = context;
  const asked = { facts, journal: await store.releases(model), toMs };
  const rollouts: RolloutFigures[] = [];
  for (const signed of signedRollouts(await store.rollouts(model), asked)) {
    const { version, experiment, isOver, offeredMs } = signed;
    if (query.version !== undefined && query.version !== version) continue;
    if (isOver && context.isOfNow) continue;
    const rows = await readRolloutDays(store, {
      ...{ model, fromMs, toMs, experiment, version },
      offeredMs: isOver ? undefined : offeredMs[0],
    });
    const figures = rolloutFigures(rows, { ...context, signed, toMs });
    if (figures) rollouts.push(figures);
  }
  rollouts.sort((a, b) => b.sinceMs - a.sinceMs);
  return {
    ...{ model, fromMs, toMs, minDevices, minCohorts: FEWEST_COHORTS, revision, pin },
    plans: context.isOfNow ? [] : await rolloutPlans(store, query, context),
    rollouts,
  };
}

interface Asked extends ModelContext {
  readonly signed: SignedRollout;
  readonly toMs: number;
}

function rolloutFigures(rows: readonly CohortRow[], asked: Asked): RolloutFigures | undefined {
  const { signed, facts, minDevices, toMs } = asked;
  const { version, experiment, isOver, share, offeredMs, lack } = signed;
  const canary = rows.filter(({ unit }) => unit.arm === 'canary' && unit.assigned === version);
  const control = rows.filter(({ unit }) => unit.arm === 'control');
  const sides = { canary, control };
  const [first] = canary.length > 0 ? canary : control;
  if (!first) return undefined;
  const devices = { canary: devicesOnBusiestDay(canary), control: devicesOnBusiestDay(control) };
  const sinceMs = (canary.length > 0 ? canary : control).reduce(
    (earliest, { hourMs }) => Math.min(earliest, hourMs),
    first.hourMs,
  );
  const isEnough = (n: number) => n >= minDevices;
  // of too few canary devices only their number is known
  const guardrails = guardrailsOf(sides, { version, facts }).filter(
    ({ measure }) =>
      isEnough(devices.control) && (isEnough(devices.canary) || measure.kind === 'size'),
  );
  const whole = compareAll(sides, guardrails);
  const parts = isEnough(devices.canary)
    ? rolloutParts(sides, { guardrails, version, facts, minDevices })
    : [];
  const comparedParts = parts.map((part) => ({
    part,
    compared: compareAll(part.sides, part.guardrails),
  }));
  const ran = { canary: ranAs(canary, minDevices), control: ranAs(control, minDevices) };
  return {
    ...{ version, experiment, sinceMs, isOver, share, offeredMs },
    ranAs: ran,
    undone: undoneUpdates(canary, version),
    devices,
    guardrails: whole.map((one) =>
      guardrailFigures(one, { devices: devices.canary + devices.control }),
    ),
    parts: comparedParts.flatMap(worsePart),
    ...rolloutVerdict({
      ...{ lack, share, isOver, hasFacts: facts !== undefined },
      ...{ devices, minDevices, cohorts: cohortsOnBothSides(sides) },
      isRun: ran.canary.some((one) => one.version === version),
      hours: (toMs - sinceMs) / HOUR_MS,
      guardrails: judged(whole),
      parts: judged(comparedParts.flatMap(({ compared }) => compared)),
    }),
  };
}

/** Cohorts whose devices reported on both sides. */
function cohortsOnBothSides({ canary, control }: Sides): number {
  const ofControl = new Set(control.map(({ cohort }) => cohort));
  const ofCanary = new Set(canary.map(({ cohort }) => cohort));
  return [...ofCanary].filter((cohort) => ofControl.has(cohort)).length;
}

function compareAll(sides: Sides, guardrails: readonly Guardrail[]): ComparedSums[] {
  return guardrails.map((guardrail) => {
    const cohorts = sumsByCohort(sides, guardrail.measure);
    return { guardrail, cohorts, result: compareSides(cohorts, guardrail) };
  });
}

/** Returns the side with more of an outcome, whose interval holds at every look. */
function betterSide({ low, high }: GuardrailResult): GuardrailFigures['better'] {
  if (low > 0) return 'control';
  return high < 0 ? 'canary' : null;
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
    better: kind === 'mean' && result ? betterSide(result) : null,
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
