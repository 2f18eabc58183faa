import { type FleetLatency, fleetLatency } from './fleet-latency.js';
import { fleetMetrics } from './fleet-metrics.js';
import type { FleetQuery } from './fleet-query.js';
import type { ModelSummary, RollupReads } from './rollup-store.js';

/** What pages and scrapers ask: each answer is small, however many rows it is made of. */
export interface Answers {
  models(): Promise<ModelSummary[]>;
  /** @param minDevices groups of fewer devices are suppressed */
  latency(query: FleetQuery, minDevices: number): Promise<FleetLatency>;
  /** The part of `/metrics` that is of the fleet. */
  metrics(): Promise<string>;
}

/** @param targetMs what an inference of a model is to take at most; `/metrics` counts those that do */
export function answersOver(
  reads: RollupReads,
  { targetMs }: { targetMs: (model: string) => number },
): Answers {
  return {
    models: () => reads.models(),
    latency: (query, minDevices) => fleetLatency(reads, query, minDevices),
    metrics: async () => fleetMetrics(await reads.totals(), { targetMs }),
  };
}
