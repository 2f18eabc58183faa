import { DAY_MS, HOUR_MS } from '../counting/time.js';
import type { VersionAccuracy } from '../fleet/accuracy.js';
import type { RolloutFigures } from '../fleet/canary.js';
import type { VersionDrift } from '../fleet/drift.js';
import type { FleetService, VersionService } from '../fleet/service.js';
import type { FleetSilence } from '../fleet/silence.js';
import { WITHIN_P95 } from '../fleet/target-bound.js';
import { ALARM } from '../statistics/drift-alarm.js';
import { FEWEST_DEVICES, FEWEST_EVENTS, type Figure, isThin } from '../statistics/figure.js';
import { JUDGED_AFTER } from '../statistics/hour-of-week.js';
import type { Finding, HealthAnswers } from './findings-of.js';

/** One kind of finding: the least of it that could have been found, or why nothing could. */
export type LookedFor = { readonly id: Finding['id'] } & (
  | {
      /**
       * The least that would have been found: devices of an hour below this, a share of runs below this, a difference of
       * shares, an index of a changed distribution.
       */
      readonly sees: number;
    }
  | { readonly lacks: readonly Lack[] }
);

/** Something that is missing. `atMs` is when it will be there, null where that is not known. */
export type Lack =
  | {
      readonly what: 'runs' | 'devices';
      readonly have: number;
      /** Null where it depends on more than their number. */
      readonly need: number | null;
      readonly atMs: number | null;
    }
  | { readonly what: 'past'; readonly atMs: number | null }
  | { readonly what: 'baseline' | 'labels' | 'control' };

/** Standard deviations above which a share of `ALARM.level` of a normal distribution lies. */
const FAR = 3.09;

/**
 * Lists, for each kind of finding, what the same answers could have told.
 *
 * @param minDevices a look does not judge groups of fewer, which a viewer on the collector's own machine sees
 */
export function lookedFor(answers: HealthAnswers, minDevices = 1): LookedFor[] {
  const { silence, canary, service, drift, accuracy } = answers;
  const firstMs = firstHour(silence);
  return [
    ...(silence ? [silenceLook(silence)] : []),
    ...(canary?.rollouts ?? []).filter(({ isOver }) => !isOver).map(rolloutLook),
    ...(service ? serviceLooks(service, { firstMs, minDevices }) : []),
    ...mostUsed(drift?.versions).map((version) => driftLook(version, drift?.minDevices, firstMs)),
    ...mostUsed(drift?.versions).flatMap(baselineLook),
    ...mostUsed(accuracy?.versions).map(conceptLook),
    ...mostUsed(accuracy?.versions).flatMap((version) =>
      accuracyLooks(version, accuracy?.accuracyRatio ?? 0),
    ),
  ];
}

function firstHour(silence: FleetSilence | undefined): number | null {
  const judgedFromMs = silence?.judgedFromMs ?? null;
  return judgedFromMs === null ? null : judgedFromMs - JUDGED_AFTER * HOUR_MS;
}

/** The version that most devices have. */
function mostUsed<Version extends { readonly devices: number }>(
  versions: readonly Version[] = [],
): Version[] {
  return versions.toSorted((a, b) => b.devices - a.devices).slice(0, 1);
}

function silenceLook({ hours, judgedFromMs }: FleetSilence): LookedFor {
  const last = hours.at(-1);
  const fewest = last?.fewest ?? null;
  if (fewest) return { id: 'silence', sees: fewest };
  if (fewest === null) return { id: 'silence', lacks: [{ what: 'past', atMs: judgedFromMs }] };
  const have = last?.expected.value ?? 0;
  return { id: 'silence', lacks: [{ what: 'devices', have, need: null, atMs: null }] };
}

/** Failed runs stand for all measures: each rollout has them. */
function rolloutLook({ verdict, guardrails, devices }: RolloutFigures): LookedFor {
  const have = Math.min(devices.canary, devices.control);
  const few = { what: 'devices', have, need: null, atMs: null } as const;
  if (verdict.verdict === 'none') {
    return { id: 'rollout', lacks: [verdict.because === 'no-control' ? { what: 'control' } : few] };
  }
  const failed = guardrails.find(({ name }) => name === 'failed-runs');
  const { value = null, low = null } = failed?.difference ?? {};
  if (!failed || value === null || low === null) return { id: 'rollout', lacks: [few] };
  return { id: 'rollout', sees: Math.max(failed.margin, value - low) };
}

interface Known {
  readonly firstMs: number | null;
  readonly minDevices: number;
}

function serviceLooks(service: FleetService, known: Known): LookedFor[] {
  const [version] = mostUsed(service.versions);
  const lacks = version ? lacksOf(version, service, known) : [lackOfRuns(service)];
  if (lacks.length > 0) return (['success', 'latency'] as const).map((id) => ({ id, lacks }));
  const { success, withinTarget } = version as VersionService;
  return [
    { id: 'success', sees: service.targets.successRate - reachOf(success) },
    { id: 'latency', sees: WITHIN_P95 - reachOf(withinTarget) },
  ];
}

/** A share that misses a target by less cannot be told from one that meets it. */
function reachOf({ value, low, high }: Figure): number {
  return Math.max((high ?? 0) - (value ?? 0), (value ?? 0) - (low ?? 0));
}

function lackOfRuns({ minDevices }: FleetService): Lack {
  return minDevices > 1
    ? { what: 'devices', have: 0, need: minDevices, atMs: null }
    : { what: 'runs', have: 0, need: FEWEST_EVENTS, atMs: null };
}

/** Runs come as they did since the model's first hour, where a range holds as many. */
function lacksOf(
  { success, devices }: VersionService,
  { fromMs, toMs }: FleetService,
  { firstMs, minDevices }: Known,
): Lack[] {
  if (!isThin(success) && devices >= minDevices) return [];
  const startMs = Math.max(fromMs, firstMs ?? fromMs);
  const enoughMs = startMs + ((toMs - startMs) * FEWEST_EVENTS) / Math.max(1, success.n);
  const isReached = success.n > 0 && enoughMs - startMs <= toMs - fromMs;
  const atMs = isReached ? Math.ceil(enoughMs / HOUR_MS) * HOUR_MS : null;
  return [
    { what: 'runs' as const, have: success.n, need: FEWEST_EVENTS, atMs },
    {
      what: 'devices' as const,
      have: devices,
      need: Math.max(FEWEST_DEVICES, minDevices),
      atMs: null,
    },
  ].filter(({ have, need }) => have < need);
}

function driftLook(
  { missing, devices, distributions, windowMs = DAY_MS }: VersionDrift,
  minDevices: number | undefined,
  firstMs: number | null,
): LookedFor {
  if (missing === 'no-baseline') return { id: 'drift', lacks: [{ what: 'baseline' }] };
  const few = { what: 'devices', have: devices, need: null, atMs: null } as const;
  if (missing) return { id: 'drift', lacks: [{ ...few, need: minDevices ?? null }] };
  const changes = distributions.flatMap(({ windows, lab }) => {
    const { change = null } = windows.at(-1) ?? {};
    return change ? [leastPsi(change.expectedPsi, lab.length - 1)] : [];
  });
  if (changes.length > 0) return { id: 'drift', sees: Math.max(...changes) };
  // two windows in a row, each with the same hours of the day before
  const atMs = firstMs === null ? null : firstMs + DAY_MS + 2 * windowMs;
  const isDue =
    atMs !== null &&
    distributions.some(({ windows }) => windows.some(({ atMs: at }) => at >= atMs));
  return { id: 'drift', lacks: [isDue ? few : { what: 'past', atMs }] };
}

/** What it lacks, a drift lacks too. */
function baselineLook({ distributions }: VersionDrift): LookedFor[] {
  const isCompared = distributions.some(({ fromLab }) => fromLab !== null);
  return isCompared ? [{ id: 'baseline', sees: ALARM.leastFromLab }] : [];
}

/**
 * The least index that alarms: it is large enough, and beyond what a share of `ALARM.level` of windows without a change
 * has. The index is then its expectation × χ² ÷ degrees of freedom; its quantile is Wilson and Hilferty's.
 */
function leastPsi(expectedPsi: number, degrees: number): number {
  const ninth = 2 / (9 * Math.max(1, degrees));
  const chance = expectedPsi * (1 - ninth + FAR * Math.sqrt(ninth)) ** 3;
  return Math.max(expectedPsi + ALARM.leastEffect, chance);
}

function conceptLook({ missing, without, concept, devices }: VersionAccuracy): LookedFor {
  if (concept) return { id: 'concept', sees: concept.weighted - concept.low };
  if (missing) {
    return { id: 'concept', lacks: [{ what: 'devices', have: devices, need: null, atMs: null }] };
  }
  const lacks = without.map((what): Lack => ({ what }));
  return { id: 'concept', lacks: lacks.length > 0 ? lacks : [{ what: 'labels' }] };
}

/** What it lacks without labels, concept drift lacks too. */
function accuracyLooks({ liveToOffline }: VersionAccuracy, target: number): LookedFor[] {
  if (isThin(liveToOffline)) return [];
  return [{ id: 'accuracy', sees: target - reachOf(liveToOffline) }];
}
