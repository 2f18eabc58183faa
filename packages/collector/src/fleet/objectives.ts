import { total } from '@nearside/core';
import { DAY_MS } from '../counting/time.js';
import type { ModelTargets } from '../files/targets.js';
import { sixDigits } from '../statistics/figure.js';
import type { Cell, ModelRange, RollupReads } from '../store/rollup-store.js';
import type { FleetQuery } from './query.js';
import { countUpTo, targetBound, WITHIN_P95 } from './target-bound.js';

/** Answer of `GET /v1/fleet/objectives`: did the whole model meet its targets, day by day? */
export interface FleetObjectives extends ModelRange {
  readonly targets: ModelTargets;
  /** UTC days of the range with runs, in order of time. */
  readonly days: readonly ObjectiveDay[];
  /** Budget of failed runs. */
  readonly success: Budget;
  /** Budget of results over the target for P95. 95 of 100 are to be within it. */
  readonly latency: Budget;
}

export interface ObjectiveDay {
  /** Start of the day. */
  readonly atMs: number;
  readonly runs: number;
  readonly successRate: number;
  /** Share of results within the target for P95, on the bound of a bucket. Null where nothing succeeded. */
  readonly withinTarget: number | null;
  /** Both objectives were met. */
  readonly isMet: boolean;
}

/** An error budget of the range, and its use. */
export interface Budget {
  /** Share that must be good. */
  readonly target: number;
  readonly runs: number;
  readonly bad: number;
  /** Runs that may be bad: (1 − target) × runs. */
  readonly allowed: number;
  /**
   * 1 − bad ÷ allowed: 1 is untouched, below 0 is overspent. Null where nothing ran. Where none may be bad, each bad
   * run counts as one whole budget.
   */
  readonly left: number | null;
}

export async function fleetObjectives(
  store: Pick<RollupReads, 'cells'>,
  { model, fromMs, toMs }: FleetQuery,
  { targets }: { targets: ModelTargets },
): Promise<FleetObjectives> {
  const range = {
    fromMs: Math.floor(fromMs / DAY_MS) * DAY_MS,
    toMs: Math.ceil(toMs / DAY_MS) * DAY_MS,
  };
  const cells = await store.cells({ model, ...range, stepMs: DAY_MS });
  const days = cells.map((cell) => sumsOf(cell, targets)).filter(({ runs }) => runs > 0);
  const sum = (of: (day: DaySums) => number) => days.reduce((all, day) => all + of(day), 0);
  return {
    model,
    ...range,
    targets,
    days: days.map((day) => objectiveDay(day, targets)),
    success: budget(targets.successRate, {
      runs: sum(({ runs }) => runs),
      bad: sum(({ failed }) => failed),
    }),
    latency: budget(WITHIN_P95, {
      runs: sum(({ results }) => results),
      bad: sum(({ results, within }) => results - within),
    }),
  };
}

interface DaySums {
  readonly atMs: number;
  readonly runs: number;
  readonly failed: number;
  readonly results: number;
  readonly within: number;
}

function sumsOf({ slotMs, ok, failed, duration }: Cell, { p95Ms }: ModelTargets): DaySums {
  const within = countUpTo(duration, targetBound(p95Ms).index);
  return { atMs: slotMs, runs: ok + failed, failed, results: total(duration), within };
}

function objectiveDay({ atMs, runs, failed, results, within }: DaySums, targets: ModelTargets) {
  const successRate = (runs - failed) / runs;
  const withinTarget = results === 0 ? null : within / results;
  const isFast = withinTarget === null || withinTarget >= WITHIN_P95;
  return {
    atMs,
    runs,
    successRate,
    withinTarget,
    isMet: successRate >= targets.successRate && isFast,
  };
}

function budget(target: number, { runs, bad }: { runs: number; bad: number }): Budget {
  const allowed = sixDigits((1 - target) * runs);
  const spent = allowed === 0 ? bad : bad / allowed;
  return { target, runs, bad, allowed, left: runs === 0 ? null : sixDigits(1 - spent) };
}
