import { total } from '@nearside/core';
import type { NamedCounts } from '../counting/counts.js';
import { DAY_MS } from '../counting/time.js';
import type { Group, GroupSums, ModelRange, RollupReads } from '../store/rollup-store.js';
import { readDeviceDays } from './devices-by-version.js';
import { shownGroups } from './shown-groups.js';
import { devicesByName, readWholeDays, shownNames } from './shown-names.js';

/** Sums of the runs of a part of the fleet. */
export interface RunSums {
  readonly runs: number;
  readonly failed: number;
  readonly results: number;
  /** Σ time of results. */
  readonly ms: number;
}

export interface PartSums extends RunSums {
  readonly dimension: (typeof GROUP_DIMENSIONS)[number] | NamedDimension;
  readonly value: string;
}

/** Sums of a range by its parts with enough devices, each under its dimension. */
export interface RangeSums {
  readonly whole: RunSums;
  readonly parts: readonly PartSums[];
}

const GROUP_DIMENSIONS = ['device', 'backend', 'version'] as const;
type NamedDimension = 'library' | 'app';

/** It is longer than any cell, so the range alone decides which cells are read. */
const ANY_STEP_MS = 7 * DAY_MS;

export async function readRangeSums(
  store: RollupReads,
  range: ModelRange,
  minDevices: number,
): Promise<RangeSums> {
  const groups = await readGroups(store, range);
  const sums = await store.sums({ ...range, histograms: [] });
  const days = await readDeviceDays(store, range);
  const wholeDays = await readWholeDays(store, range);
  const isShown = shownGroups({ groups, days }, minDevices);
  const whole = addedUp(groups);
  const named = (dimension: NamedDimension) =>
    namedParts(dimension, { sums, wholeDays, range, whole, minDevices });
  return {
    whole,
    parts: [
      ...GROUP_DIMENSIONS.flatMap((dimension) => groupParts(dimension, groups.filter(isShown))),
      ...named('library'),
      ...named('app'),
    ],
  };
}

async function readGroups(store: RollupReads, range: ModelRange): Promise<(Group & RunSums)[]> {
  const groups = new Map<string, Group>();
  const cells = await store.cells({
    ...range,
    stepMs: ANY_STEP_MS,
    partOf(group) {
      const key = Object.values(group).join(' ');
      groups.set(key, group);
      return key;
    },
  });
  return cells.map(({ part, ok, failed, duration }) => ({
    ...(groups.get(part) as Group),
    runs: ok + failed,
    failed,
    results: total(duration),
    ms: duration.sum,
  }));
}

/** Sums only shown groups, so that no part tells more than they do. */
function groupParts(
  dimension: (typeof GROUP_DIMENSIONS)[number],
  groups: readonly (Group & RunSums)[],
): PartSums[] {
  const values = new Set(groups.map((group) => group[dimension]));
  return [...values].map((value) => ({
    dimension,
    value,
    ...addedUp(groups.filter((group) => group[dimension] === value)),
  }));
}

interface AskedNames {
  readonly sums: readonly GroupSums[];
  readonly wholeDays: readonly GroupSums[];
  readonly range: ModelRange;
  readonly whole: RunSums;
  readonly minDevices: number;
}

function namedParts(
  dimension: NamedDimension,
  { sums, wholeDays, range, whole, minDevices }: AskedNames,
): PartSums[] {
  const byName = sumsByName(dimension, sums);
  const shown = shownNames([...byName.keys()], {
    devices: devicesByName(wholeDays, (group) => namesIn(dimension, group), range),
    hasRest: addedUp([...byName.values()]).runs < whole.runs,
    minDevices,
  });
  return [...byName]
    .filter(([name]) => shown.has(name))
    .map(([value, own]) => ({ dimension, value, ...own }));
}

function namesIn(
  dimension: NamedDimension,
  { counts }: GroupSums,
): Readonly<Record<string, NamedCounts>> {
  return (dimension === 'app' ? counts.apps : counts.libraries) ?? {};
}

function sumsByName(dimension: NamedDimension, groups: readonly GroupSums[]): Map<string, RunSums> {
  const byName = new Map<string, RunSums>();
  for (const group of groups) {
    const named = Object.entries(namesIn(dimension, group));
    for (const [name, { ok = 0, failed = 0, ms = 0 }] of named) {
      const own = { runs: ok + failed, failed, results: ok, ms };
      byName.set(name, addedUp([byName.get(name) ?? NOTHING, own]));
    }
  }
  return byName;
}

const NOTHING: RunSums = { runs: 0, failed: 0, results: 0, ms: 0 };

function addedUp(list: readonly RunSums[]): RunSums {
  return list.reduce(
    (sum, { runs, failed, results, ms }) => ({
      runs: sum.runs + runs,
      failed: sum.failed + failed,
      results: sum.results + results,
      ms: sum.ms + ms,
    }),
    NOTHING,
  );
}
