import type { ModelTargets } from '../files/targets.js';

/** Answer of `GET /v1/fleet/objectives`: day by day, was the model as good as it is asked to be? Of the whole model. */
export interface FleetObjectives {
  readonly model: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly targets: ModelTargets;
  /** UTC days of the range in which anything ran, in order of time. */
  readonly days: readonly ObjectiveDay[];
  /** Results among runs. */
  readonly success: Budget;
  /** Results within the target for P95: 95 of 100 are to be. */
  readonly latency: Budget;
}

export interface ObjectiveDay {
  /** Start of the day. */
  readonly atMs: number;
  readonly runs: number;
  readonly successRate: number;
  /** Of results, those within the target for P95, on the bound of a bucket; null where nothing succeeded. */
  readonly withinTarget: number | null;
  /** Both objectives were met. */
  readonly isMet: boolean;
}

/** How much of what may go wrong in the range has gone wrong. */
export interface Budget {
  /** Share that must be good. */
  readonly target: number;
  readonly runs: number;
  readonly bad: number;
  /** So many may be bad: (1 − target) × runs. */
  readonly allowed: number;
  /** 1 − bad ÷ allowed: 1 is untouched, below 0 is overspent. Null where nothing ran. */
  readonly left: number | null;
}
