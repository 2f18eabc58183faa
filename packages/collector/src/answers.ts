import type { ModelFacts } from '@nearside/core';
import type { Prices } from './files/prices.js';
import { type Targets, targetsOf } from './files/targets.js';
import { type FleetAccuracy, fleetAccuracy } from './fleet/accuracy.js';
import { type FleetCanary, fleetCanary } from './fleet/canary.js';
import { type FleetCost, fleetCost } from './fleet/cost.js';
import { type FleetCoverage, fleetCoverage } from './fleet/coverage.js';
import { type FleetDrift, fleetDrift } from './fleet/drift.js';
import { type FleetLatency, fleetLatency } from './fleet/latency.js';
import type { FleetQuery } from './fleet/query.js';
import { type FleetService, fleetService } from './fleet/service.js';
import { type FleetSilence, fleetSilence } from './fleet/silence.js';
import { fleetMetrics } from './fleet-metrics.js';
import type { ModelSummary, RollupReads } from './rollup-store.js';

/** What is known beside the reports. Plain data: another thread may need it. */
export interface FleetContext {
  /** Groups of fewer devices are suppressed. */
  readonly minDevices: number;
  readonly targets: Targets;
  /** Of the model that is asked about. */
  readonly facts?: ModelFacts['models'][number] | undefined;
  readonly prices?: Prices | undefined;
}

/** What can be asked of one model over a range. */
export interface FleetAnswers {
  latency: FleetLatency;
  service: FleetService;
  drift: FleetDrift;
  accuracy: FleetAccuracy;
  canary: FleetCanary;
  coverage: FleetCoverage;
  cost: FleetCost;
  silence: FleetSilence;
}
export type FleetQuestion = keyof FleetAnswers;

/** What pages and scrapers ask: each answer is small, however many rows it is made of. */
export interface Answers {
  models(): Promise<ModelSummary[]>;
  fleet<Question extends FleetQuestion>(
    question: Question,
    query: FleetQuery,
    context: FleetContext,
  ): Promise<FleetAnswers[Question]>;
  /**
   * The part of `/metrics` that is of the fleet.
   *
   * @param targets what an inference is to take at most; those that do are counted
   */
  metrics(targets: Targets): Promise<string>;
}

type Answer<Value> = (
  reads: RollupReads,
  query: FleetQuery,
  context: FleetContext,
) => Promise<Value>;

const FLEET: { readonly [Question in FleetQuestion]: Answer<FleetAnswers[Question]> } = {
  latency: (reads, query, { minDevices }) => fleetLatency(reads, query, minDevices),
  service: (reads, query, { targets, minDevices }) =>
    fleetService(reads, query, { targets: targetsOf(targets, query.model), minDevices }),
  drift: fleetDrift,
  accuracy: fleetAccuracy,
  canary: fleetCanary,
  coverage: fleetCoverage,
  cost: fleetCost,
  silence: fleetSilence,
};

export const FLEET_QUESTIONS = Object.keys(FLEET) as FleetQuestion[];

export function answersOver(reads: RollupReads): Answers {
  return {
    models: () => reads.models(),
    fleet: (question, query, context) => FLEET[question](reads, query, context),
    metrics: async (targets) => fleetMetrics(await reads.totals(), targets),
  };
}
