import type { ModelTargets } from '../files/targets.js';

/** Answer of `GET /v1/fleet/spread`: how long runs take over time, of the groups that are asked for and large enough. */
export interface FleetSpread {
  readonly model: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
  readonly minDevices: number;
  readonly targets: ModelTargets;
  /** Upper ends of the rows of the heat map, ms: each is √2 times the one before. Empty where nothing ran. */
  readonly boundsMs: readonly number[];
  /** Steps in which something ran, in order of time. */
  readonly steps: readonly SpreadStep[];
}

export interface SpreadStep {
  /** Start of the step. */
  readonly atMs: number;
  /** Results within the target for P95; beyond it and within that for P99; beyond both. On bounds of buckets. */
  readonly good: number;
  readonly fair: number;
  readonly poor: number;
  readonly failed: number;
  /** Results by row of the heat map; as many as `boundsMs`. */
  readonly counts: readonly number[];
}
