import { DAY_MS, utcDay } from '../counting/time.js';
import type { RatioSums } from '../statistics/cohort-ratio.js';
import type { ArmSums } from '../statistics/guardrail.js';
import type { Verdict } from '../statistics/verdict.js';
import type { Sides } from './arm-measures.js';
import { devicesOnBusiestDay } from './cohort-rows.js';
import { grouped } from './grouping.js';
import { compareSides, type Guardrail, sumsByCohort, verdictOn } from './rollout-guardrails.js';

/** The verdict at the end of a UTC day, from all that had been seen by then. */
export interface VerdictAt {
  readonly atMs: number;
  readonly verdict: Verdict['verdict'] | 'none';
}

interface Asked {
  /** The guardrails of the present verdict. */
  readonly guardrails: readonly Guardrail[];
  readonly isKnown: boolean;
  readonly minDevices: number;
  readonly sinceMs: number;
  readonly toMs: number;
}

/**
 * Computes verdicts from the first report on. Each row is read once for each measure. The intervals hold at every look,
 * so a look on each day changes nothing.
 */
export function verdictHistory(sides: Sides, asked: Asked): VerdictAt[] {
  const { guardrails, isKnown, minDevices, sinceMs, toMs } = asked;
  const canary = grouped(sides.canary, ({ hourMs }) => utcDay(hourMs));
  const control = grouped(sides.control, ({ hourMs }) => utcDay(hourMs));
  const history: VerdictAt[] = [];
  const devices = { canary: 0, control: 0 };
  let sums = guardrails.map((): ArmSums[] => []);
  const first = Math.min(...canary.keys(), ...control.keys());
  for (let day = first; day * DAY_MS < toMs; day += 1) {
    const own: Sides = { canary: canary.get(day) ?? [], control: control.get(day) ?? [] };
    devices.canary = Math.max(devices.canary, devicesOnBusiestDay(own.canary));
    devices.control = Math.max(devices.control, devicesOnBusiestDay(own.control));
    sums = guardrails.map(({ measure }, i) =>
      sumsByCohort(own, measure).map((more, cohort) => addedUp(more, sums[i]?.[cohort])),
    );
    if (day < utcDay(sinceMs)) continue;
    const isEnough = Math.min(devices.canary, devices.control) >= Math.max(1, minDevices);
    const compared = guardrails.map((guardrail, i) => ({
      guardrail,
      result: isEnough ? compareSides(sums[i] ?? [], guardrail) : undefined,
    }));
    history.push({
      atMs: Math.min((day + 1) * DAY_MS, toMs),
      verdict: isEnough ? verdictOn(compared, { isKnown }).verdict : 'none',
    });
  }
  return history;
}

function addedUp(more: ArmSums, before: ArmSums | undefined): ArmSums {
  if (!before) return more;
  return {
    canary: sumOf(more.canary, before.canary),
    control: sumOf(more.control, before.control),
  };
}

function sumOf(a: RatioSums, b: RatioSums): RatioSums {
  return { part: a.part + b.part, whole: a.whole + b.whole };
}
