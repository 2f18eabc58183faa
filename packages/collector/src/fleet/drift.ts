import type { Baseline, Distribution, VersionFacts } from '@nearside/core';
import { addedUp, type BinCounts } from '../statistics/bins.js';
import {
  type CompositionChange,
  changeSince,
  differenceFromLab,
  FEWEST_COHORTS,
} from '../statistics/composition-change.js';
import { jensenShannon, wasserstein } from '../statistics/divergence.js';
import { ALARM, alarmsOf } from '../statistics/drift-alarm.js';
import type { ModelRange, RollupReads } from '../store/rollup-store.js';
import { readCohortHours } from './cohort-rows.js';
import { compareVersions } from './compare-versions.js';
import { devicesByVersion } from './devices-by-version.js';
import { isDriftByFew } from './drift-by-few.js';
import { type PartAlarm, partAlarms } from './drift-parts.js';
import { type DriftSegment, driftSegments, namedParts, readSegments } from './drift-segments.js';
import { alarmSince, type DriftWindow, driftWindows, type SeenWindow } from './drift-windows.js';
import { addBins, emptyCohorts, type Observed, observedIn } from './observed-bins.js';
import type { FleetQuery, ModelContext } from './query.js';

/** Answer of `GET /v1/fleet/drift`: is the field like the lab, and has it changed? */
export interface FleetDrift extends ModelRange {
  readonly minDevices: number;
  /** Newest first. */
  readonly versions: readonly VersionDrift[];
}

export interface VersionDrift {
  readonly version: string;
  /** On the busiest UTC day of the range. */
  readonly devices: number;
  /** There are no distributions for this reason. */
  readonly missing?: 'no-baseline' | 'too-few-devices';
  /** Length of the windows: an hour or a day. */
  readonly windowMs?: number;
  readonly distributions: readonly DistributionDrift[];
}

export interface DistributionDrift {
  readonly name: string;
  readonly kind: Distribution['kind'];
  readonly edges?: readonly number[];
  readonly labels?: readonly string[];
  /** Observations by bin: of the range, of the lab, and of the same hours before. */
  readonly field: BinCounts;
  readonly lab: BinCounts;
  readonly past: BinCounts;
  /** The difference from the lab over the whole range. */
  readonly fromLab: Change | null;
  /** Start of the first window of those, up to the end of the range, that are far from the lab. Null where they are not. */
  readonly farFromLabSinceMs: number | null;
  /** It would not be far without the four cohorts that carry most of it. */
  readonly isFarByFew: boolean;
  readonly windows: readonly WindowDrift[];
  /** Start of the first window of the alarm at the end of the range. Null without one. */
  readonly alarmSinceMs: number | null;
  /**
   * Observations by bin since the alarm began, and of the same hours before: of the fleet, where only a part alarms too.
   * Null without an alarm.
   */
  readonly changed: { readonly field: BinCounts; readonly past: BinCounts } | null;
  /** The alarm would end without the four cohorts that carry most of it. */
  readonly isByFew: boolean;
  /** Parts that carry the newest window's change. Those that carry more than their part of the fleet are first. */
  readonly segments: readonly DriftSegment[];
  /** Device classes and backends that alarm by themselves, the largest effect first. */
  readonly parts: readonly PartAlarm[];
}

export interface Change {
  /** Population stability index, and its expectation without a change. */
  readonly psi: number;
  readonly expectedPsi: number;
  readonly pValue: number;
  /** Observations. */
  readonly n: number;
  readonly jensenShannon: number;
  /** Null for distributions without edges. */
  readonly wasserstein: number | null;
}

export interface WindowDrift {
  readonly atMs: number;
  readonly devices: number;
  /** The change since the same hours before. Null where there is no past, or too few devices saw anything. */
  readonly change: Change | null;
  readonly isAlarm: boolean;
}

export async function fleetDrift(
  store: RollupReads,
  query: FleetQuery,
  { facts, minDevices, isOfNow = false }: ModelContext,
): Promise<FleetDrift> {
  const { model, fromMs, toMs } = query;
  const versions: VersionDrift[] = [];
  for (const [version, devices] of await devicesByVersion(store, query)) {
    const known = facts?.versions.find((one) => one.version === version);
    versions.push(
      await versionDrift(store, { query, version, devices, known, minDevices, isOfNow }),
    );
  }
  versions.sort((a, b) => compareVersions(b.version, a.version));
  return { model, fromMs, toMs, minDevices, versions };
}

interface Asked {
  readonly query: FleetQuery;
  readonly version: string;
  readonly devices: number;
  readonly known: VersionFacts | undefined;
  readonly minDevices: number;
  readonly isOfNow: boolean;
}

async function versionDrift(store: RollupReads, asked: Asked): Promise<VersionDrift> {
  const { query, version, devices, known, minDevices, isOfNow } = asked;
  const { model, fromMs, toMs } = query;
  const { baseline, baselineHash } = known ?? {};
  if (!baseline || !baselineHash) {
    return { version, devices, missing: 'no-baseline', distributions: [] };
  }
  if (devices < minDevices) {
    return { version, devices, missing: 'too-few-devices', distributions: [] };
  }
  const readHours = readCohortHours(store, { model, version });
  const { lengthMs, windows } = await driftWindows(readHours, { fromMs, toMs, isOfNow });
  const which = {
    baseline: baselineHash,
    bins: baseline.distributions.map(({ counts }) => counts.length),
  };
  // windows have no gaps, so a window that is not shown counts as not known
  const seen = windows.map((window): SeenWindow | undefined => {
    if (window.devices < minDevices) return undefined;
    const { rows, reference } = window;
    return { window, now: observedIn(rows, which), past: observedIn(reference, which) };
  });
  const shownOnes = seen.filter((one) => one !== undefined);
  const shown = shownOnes.map(({ window }) => window);
  const compared = baseline.distributions.map((distribution, position) =>
    compareDistribution(shownOnes, distribution, position),
  );
  const whole = seen.map((one) =>
    compared.map(({ changes }) => one && changes[shownOnes.indexOf(one)]),
  );
  const alarms = alarmsOf(whole).filter((_, i) => seen[i]);
  const fromLab = seen.map((one) =>
    compared.map(({ differences }) => one && differences[shownOnes.indexOf(one)]),
  );
  const far = alarmsOf(fromLab, ALARM.leastFromLab).filter((_, i) => seen[i]);
  const newest = shown.at(-1);
  const segments = newest && (await readSegments(store, { model, version }, newest));
  const parts = partAlarms(seen, {
    parts: segments ? namedParts(segments, minDevices) : [],
    distributions: baseline.distributions,
    whole,
  });
  const distributions = compared.map((one, position) => {
    const tested = {
      testedIn: (observed: Observed) => observed.whole[position] ?? [],
      at: position,
      isOrdered: 'edges' in (baseline.distributions[position] ?? {}),
      fewestCohorts: FEWEST_COHORTS,
    };
    const asked = { baselineHash, position, bins: one.lab.length, minDevices };
    return distributionDrift(baseline, position, {
      ...one,
      shown,
      alarms: alarms.map((ofWindow) => ofWindow[position] ?? false),
      far: far.map((ofWindow) => ofWindow[position] ?? false),
      segments: segments ? driftSegments(segments, asked) : [],
      parts: parts[position] ?? [],
      isByFew: () => isDriftByFew(seen, { ...tested, lists: whole }),
      isFarByFew: () => isDriftByFew(seen, { ...tested, lists: fromLab, lab: one.lab }),
    });
  });
  return { version, devices, windowMs: lengthMs, distributions };
}

interface Compared {
  readonly changes: readonly (CompositionChange | undefined)[];
  /** From the lab, by window. */
  readonly differences: readonly (CompositionChange | undefined)[];
  readonly fromLab: CompositionChange | undefined;
  readonly field: BinCounts;
  readonly lab: BinCounts;
  readonly past: BinCounts;
  /** Counts by window. */
  readonly counts: readonly { readonly now: BinCounts; readonly past: BinCounts }[];
}

function compareDistribution(
  windows: readonly SeenWindow[],
  distribution: Distribution,
  position: number,
): Compared {
  const isOrdered = 'edges' in distribution;
  const lab = distribution.counts;
  const tables = windows.map(({ now, past }) => ({
    now: now.whole[position] ?? [],
    past: past.whole[position] ?? [],
  }));
  const whole = emptyCohorts(lab.length);
  for (const { now } of tables) {
    for (const [cohort, counts] of now.entries()) addBins(whole[cohort], counts);
  }
  const counts = tables.map(({ now, past }) => ({ now: addedUp(now), past: addedUp(past) }));
  return {
    changes: tables.map(({ now, past }) => changeSince(now, past, { isOrdered })),
    differences: tables.map(({ now }) => differenceFromLab(now, lab, { isOrdered })),
    fromLab: differenceFromLab(whole, lab, { isOrdered }),
    field: addedUp(whole),
    lab,
    past: addedUp(counts.map(({ past }) => past)),
    counts,
  };
}

function distributionDrift(
  { distributions }: Baseline,
  position: number,
  found: Compared & {
    readonly shown: readonly DriftWindow[];
    readonly alarms: readonly boolean[];
    readonly far: readonly boolean[];
    readonly segments: readonly DriftSegment[];
    readonly parts: readonly PartAlarm[];
    readonly isByFew: () => boolean;
    readonly isFarByFew: () => boolean;
  },
): DistributionDrift {
  const distribution = distributions[position] as Distribution;
  const { name, kind } = distribution;
  const bins =
    'edges' in distribution ? { edges: distribution.edges } : { labels: distribution.labels };
  const edges = 'edges' in distribution ? distribution.edges : undefined;
  const { shown, alarms, segments, parts, changes, fromLab, counts, field, lab, past } = found;
  const alarmSinceMs = alarmSince(shown, alarms);
  const farFromLabSinceMs = alarmSince(shown, found.far);
  const sinceMs = alarmSinceMs ?? parts.find((part) => part.alarmSinceMs !== null)?.alarmSinceMs;
  const since = counts.filter((_, i) => (shown[i]?.fromMs ?? 0) >= (sinceMs ?? Infinity));
  return {
    name,
    kind,
    ...bins,
    field,
    lab,
    past,
    fromLab: fromLab ? changeOf(fromLab, { now: field, past: lab }, edges) : null,
    farFromLabSinceMs,
    isFarByFew: farFromLabSinceMs !== null && found.isFarByFew(),
    windows: shown.map(({ fromMs, devices }, i) => {
      const [change, tables] = [changes[i], counts[i]];
      return {
        atMs: fromMs,
        devices,
        change: change && tables ? changeOf(change, tables, edges) : null,
        isAlarm: alarms[i] ?? false,
      };
    }),
    alarmSinceMs,
    changed:
      since.length === 0
        ? null
        : {
            field: addedUp(since.map(({ now }) => now)),
            past: addedUp(since.map(({ past }) => past)),
          },
    isByFew: alarmSinceMs !== null && found.isByFew(),
    segments,
    parts,
  };
}

function changeOf(
  { psi, expectedPsi, pValue, n }: CompositionChange,
  { now, past }: { now: BinCounts; past: BinCounts },
  edges: readonly number[] | undefined,
): Change {
  return {
    psi,
    expectedPsi,
    pValue,
    n,
    jensenShannon: jensenShannon(now, past),
    wasserstein: edges ? wasserstein(now, past, edges) : null,
  };
}
