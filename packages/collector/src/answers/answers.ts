import { RETENTION } from '../counting/retention.js';
import { DAY_MS } from '../counting/time.js';
import type { Prices } from '../files/prices.js';
import { type Targets, targetsOf } from '../files/targets.js';
import { type FleetAccuracy, fleetAccuracy } from '../fleet/accuracy.js';
import { type FleetCanary, fleetCanary } from '../fleet/canary.js';
import { type FleetCost, fleetCost } from '../fleet/cost.js';
import { type FleetCoverage, fleetCoverage } from '../fleet/coverage.js';
import { type Deliveries, readDeliveries } from '../fleet/deliveries.js';
import { type FleetDrift, fleetDrift } from '../fleet/drift.js';
import { type FleetFaults, fleetFaults } from '../fleet/faults.js';
import { type FleetFindings, fleetFindings } from '../fleet/findings.js';
import { type FleetLatency, fleetLatency } from '../fleet/latency.js';
import { type FleetObjectives, fleetObjectives } from '../fleet/objectives.js';
import { type FleetParts, fleetParts } from '../fleet/parts.js';
import type { FleetQuery, ModelContext, QueryScope } from '../fleet/query.js';
import { type FleetReleases, fleetReleases } from '../fleet/releases.js';
import { type FleetService, fleetService } from '../fleet/service.js';
import { type FleetSilence, fleetSilence } from '../fleet/silence.js';
import { type FleetSpeed, fleetSpeed } from '../fleet/speed.js';
import { type FleetSpread, fleetSpread } from '../fleet/spread.js';
import { DELIVERY_DAYS, deliveryMetrics } from '../metrics/delivery-metrics.js';
import { findingMetrics } from '../metrics/finding-metrics.js';
import { fleetMetrics } from '../metrics/fleet-metrics.js';
import type { ModelSummary, RollupReads } from '../store/rollup-store.js';

/** Answers read this beside the reports. It is plain data, because another thread may need it. */
export interface FleetContext extends ModelContext {
  readonly targets: Targets;
  readonly prices?: Prices | undefined;
}

/** Answers about one model over a range, by question. */
export interface FleetAnswers {
  latency: FleetLatency;
  spread: FleetSpread;
  objectives: FleetObjectives;
  parts: FleetParts;
  speed: FleetSpeed;
  faults: FleetFaults;
  releases: FleetReleases;
  service: FleetService;
  drift: FleetDrift;
  accuracy: FleetAccuracy;
  canary: FleetCanary;
  coverage: FleetCoverage;
  cost: FleetCost;
  silence: FleetSilence;
  findings: FleetFindings;
}
export type FleetQuestion = keyof FleetAnswers;

/** Answers the questions of pages and scrapers. Each answer is small, however many rows it is made of. */
export interface Answers {
  models(): Promise<ModelSummary[]>;
  fleet<Name extends FleetQuestion>(
    question: Name,
    query: FleetQuery,
    context: FleetContext,
  ): Promise<FleetAnswers[Name]>;
  /**
   * Writes the part of `/metrics` that is about the fleet.
   *
   * @param targets an inference within its target is counted as quick
   */
  metrics(targets: Targets, nowMs: number): Promise<string>;
}

/** How a question is answered, and about which ranges. */
interface Question<Value> {
  answer(reads: RollupReads, query: FleetQuery, context: FleetContext): Promise<Value>;
  readonly scope: QueryScope;
}

/** These answers need cells alone. */
const CELLS: QueryScope = { maxDays: RETENTION.hourDays, bounds: 'steps' };
/** These answers compare what happened with a reference. */
const JUDGED: QueryScope = { maxDays: RETENTION.cohortDays, bounds: 'steps', isJudged: true };
const JUDGED_BY_COHORT: QueryScope = { ...JUDGED, bounds: 'cohorts' };

const QUESTIONS: { readonly [Name in FleetQuestion]: Question<FleetAnswers[Name]> } = {
  latency: {
    answer: (reads, query, { minDevices }) => fleetLatency(reads, query, minDevices),
    scope: CELLS,
  },
  spread: {
    answer: (reads, query, context) => fleetSpread(reads, query, withTargets(context, query)),
    scope: CELLS,
  },
  objectives: {
    answer: (reads, query, context) => fleetObjectives(reads, query, withTargets(context, query)),
    scope: { maxDays: RETENTION.hourDays, bounds: 'days' },
  },
  parts: {
    answer: fleetParts,
    scope: { maxDays: RETENTION.cohortDays, bounds: 'steps', isCompared: true },
  },
  speed: { answer: fleetSpeed, scope: CELLS },
  faults: { answer: fleetFaults, scope: { ...JUDGED_BY_COHORT, isJudged: false } },
  releases: { answer: fleetReleases, scope: { maxDays: RETENTION.hourDays, bounds: 'days' } },
  service: {
    answer: (reads, query, context) => fleetService(reads, query, withTargets(context, query)),
    scope: JUDGED_BY_COHORT,
  },
  drift: { answer: fleetDrift, scope: { ...JUDGED, isRecent: true } },
  accuracy: {
    answer: (reads, query, context) =>
      fleetAccuracy(reads, query, { ...context, ...withTargets(context, query) }),
    scope: JUDGED_BY_COHORT,
  },
  canary: { answer: fleetCanary, scope: JUDGED_BY_COHORT },
  coverage: { answer: fleetCoverage, scope: JUDGED_BY_COHORT },
  cost: { answer: fleetCost, scope: JUDGED },
  silence: { answer: fleetSilence, scope: JUDGED },
  findings: { answer: fleetFindings, scope: { maxDays: RETENTION.findingDays, bounds: 'steps' } },
};

/** Returns the targets of the model that is asked about, and the floor. */
function withTargets({ targets, minDevices }: FleetContext, { model }: FleetQuery) {
  return { targets: targetsOf(targets, model), minDevices };
}

export const FLEET_QUESTIONS = Object.keys(QUESTIONS) as FleetQuestion[];

export function scopeOf(question: FleetQuestion): QueryScope {
  return QUESTIONS[question].scope;
}

export function answersOver(reads: RollupReads): Answers {
  return {
    models: () => reads.models(),
    fleet: (question, query, context) => QUESTIONS[question].answer(reads, query, context),
    metrics: async (targets, nowMs) =>
      fleetMetrics(await reads.totals(), targets) +
      findingMetrics(await reads.lastFindings()) +
      deliveryMetrics(await recentDeliveries(reads, nowMs)),
  };
}

async function recentDeliveries(reads: RollupReads, nowMs: number) {
  const found: [string, Deliveries][] = [];
  for (const { model } of await reads.models()) {
    const range = { model, fromMs: nowMs - DELIVERY_DAYS * DAY_MS, toMs: nowMs + 1 };
    found.push([model, await readDeliveries(reads, range)]);
  }
  return found;
}
