import type { Targets } from './files/targets.js';
import { type FleetLatency, fleetLatency } from './fleet-latency.js';
import { fleetMetrics } from './fleet-metrics.js';
import type { FleetQuery } from './fleet-query.js';
import type { ModelSummary, RollupReads } from './rollup-store.js';

/** What pages and scrapers ask: each answer is small, however many rows it is made of. */
export interface Answers {
  models(): Promise<ModelSummary[]>;
  /** @param minDevices groups of fewer devices are suppressed */
  latency(query: FleetQuery, minDevices: number): Promise<FleetLatency>;
  /**
   * The part of `/metrics` that is of the fleet.
   *
   * @param targets what an inference is to take at most; those that do are counted
   */
  metrics(targets: Targets): Promise<string>;
}

export function answersOver(reads: RollupReads): Answers {
  return {
    models: () => reads.models(),
    latency: (query, minDevices) => fleetLatency(reads, query, minDevices),
    metrics: async (targets) => fleetMetrics(await reads.totals(), targets),
  };
}
