import { DAY_MS, utcDay } from '../counting/time.js';
import type { RatioSums } from '../statistics/cohort-ratio.js';
import type { ArmSums } from '../statistics/guardrail.js';
import type { Verdict } from '../statistics/verdict.js';
import type { Sides } from './arm-measures.js';
import { devicesOnBusiestDay } from './cohort-rows.js';
import { grouped } from './grouping.js';
import {
  type Compared,
  compareSides,
  type Guardrail,
  sumsByCohort,
  verdictOn,
} from './rollout-guardrails.js';
import type { RolloutPart } from './rollout-parts.js';

/** The verdict at the end of a UTC day, from all that had been seen by then. */
export interface VerdictAt {
  readonly atMs: number;
  readonly verdict: Verdict['verdict'] | 'none';
}

interface Asked {
  /** The guardrails of the present verdict. */
  readonly guardrails: readonly Guardrail[];
  readonly parts: readonly RolloutPart[];
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
  const { guardrails, parts, isKnown, minDevices, sinceMs, toMs } = asked;
  const whole = new SumsSoFar(sides, guardrails);
  const sumsOfParts = parts.map((part) => new SumsSoFar(part.sides, part.guardrails));
  const history: VerdictAt[] = [];
  const devices = { canary: 0, control: 0 };
  const days = [...sides.canary, ...sides.control].map(({ hourMs }) => utcDay(hourMs));
  for (let day = Math.min(...days); day * DAY_MS < toMs; day += 1) {
    const own = whole.sidesOf(day);
    devices.canary = Math.max(devices.canary, devicesOnBusiestDay(own.canary));
    devices.control = Math.max(devices.control, devicesOnBusiestDay(own.control));
    for (const sums of [whole, ...sumsOfParts]) sums.add(day);
    if (day < utcDay(sinceMs)) continue;
    const isEnough = Math.min(devices.canary, devices.control) >= Math.max(1, minDevices);
    const compared = () => ({
      whole: whole.compared(),
      parts: sumsOfParts.flatMap((sums) => sums.compared()),
    });
    history.push({
      atMs: Math.min((day + 1) * DAY_MS, toMs),
      verdict: isEnough ? verdictOn(compared(), { isKnown }).verdict : 'none',
    });
  }
  return history;
}

/** Sums of both sides by cohort, from the first day to the last that was added. */
class SumsSoFar {
  readonly #canary: ReadonlyMap<number, Sides['canary']>;
  readonly #control: ReadonlyMap<number, Sides['control']>;
  readonly #guardrails: readonly Guardrail[];
  #sums: ArmSums[][];

  constructor({ canary, control }: Sides, guardrails: readonly Guardrail[]) {
    this.#canary = grouped(canary, ({ hourMs }) => utcDay(hourMs));
    this.#control = grouped(control, ({ hourMs }) => utcDay(hourMs));
    this.#guardrails = guardrails;
    this.#sums = guardrails.map(() => []);
  }

  sidesOf(day: number): Sides {
    return { canary: this.#canary.get(day) ?? [], control: this.#control.get(day) ?? [] };
  }

  add(day: number): void {
    const own = this.sidesOf(day);
    this.#sums = this.#guardrails.map(({ measure }, i) =>
      sumsByCohort(own, measure).map((more, cohort) => addedUp(more, this.#sums[i]?.[cohort])),
    );
  }

  compared(): Compared[] {
    return this.#guardrails.map((guardrail, i) => ({
      guardrail,
      result: compareSides(this.#sums[i] ?? [], guardrail),
    }));
  }
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
