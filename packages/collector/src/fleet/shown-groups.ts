import type { DeviceDays, Group, RollupReads } from '../counting/rollup-store.js';
import { compareVersions } from './compare-versions.js';
import { onBusiestDay, readDeviceDays } from './devices-by-version.js';
import type { FleetQuery } from './query.js';
import { shownParts } from './shown-parts.js';

/** Whether a group is what the filters ask for. */
export function isAskedFor(query: FleetQuery, { version, backend, device }: Group): boolean {
  return (
    (query.version === undefined || query.version === version) &&
    (query.backend === undefined || query.backend === backend) &&
    (query.device === undefined || query.device === device)
  );
}

/** What is known of a range. */
interface Known {
  /** Those that reported in it. */
  readonly groups: readonly Group[];
  /** Their devices on the UTC days that it touches. */
  readonly days: readonly DeviceDays[];
}

/**
 * Which groups may be shown beside the whole model. Filters have no part in it: what each of them leaves out would be known
 * from the others.
 */
export function shownGroups(
  { groups, days }: Known,
  minDevices: number,
): (group: Group) => boolean {
  const byGroup = daysByGroup(days);
  const keys = [...new Set(groups.map(groupKey))];
  // whoever reported is one device at least, even when its first report of the day was counted elsewhere
  const devicesOf = (some: readonly string[]) =>
    Math.max(1, onBusiestDay(some.flatMap((key) => byGroup.get(key) ?? [])));
  const shown = new Set(shownParts(keys, { devicesOf, minDevices }));
  return (group) => shown.has(groupKey(group));
}

/** The same, of what a store knows of a range. */
export async function readShownGroups(
  store: Pick<RollupReads, 'sums' | 'deviceDays'>,
  { model, fromMs, toMs }: Pick<FleetQuery, 'model' | 'fromMs' | 'toMs'>,
  minDevices: number,
): Promise<(group: Group) => boolean> {
  const [groups, days] = await Promise.all([
    store.sums({ model, fromMs, toMs, histograms: [] }),
    readDeviceDays(store, { model, fromMs, toMs }),
  ]);
  return shownGroups({ groups, days }, minDevices);
}

/**
 * Versions that may be shown beside the whole model, the newest first. What failed before a version was known is of none, and
 * hides none.
 */
export function shownVersions(known: Known, minDevices: number): string[] {
  const whole = <Of extends Group>(groups: readonly Of[]) =>
    groups
      .filter(({ version }) => version !== '')
      .map((group) => ({ ...group, backend: '', device: '' }));
  const groups = whole(known.groups);
  const isShown = shownGroups({ groups, days: whole(known.days) }, minDevices);
  const versions = new Set(groups.filter(isShown).map(({ version }) => version));
  return [...versions].sort((a, b) => compareVersions(b, a));
}

function groupKey({ version, backend, device }: Group): string {
  return `${version} ${backend} ${device}`;
}

function daysByGroup(days: readonly DeviceDays[]): Map<string, DeviceDays[]> {
  const groups = new Map<string, DeviceDays[]>();
  for (const one of days) {
    const own = groups.get(groupKey(one));
    if (own) own.push(one);
    else groups.set(groupKey(one), [one]);
  }
  return groups;
}
