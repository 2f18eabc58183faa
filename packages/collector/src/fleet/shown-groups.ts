import type { DeviceDays, Group } from '../store/rollup-store.js';
import { compareVersions } from './compare-versions.js';
import { onBusiestDay } from './devices-by-version.js';
import { grouped } from './grouping.js';
import type { FleetQuery } from './query.js';
import { shownParts } from './shown-parts.js';

export function isAskedFor(query: FleetQuery, { version, backend, device }: Group): boolean {
  return (
    (query.version === undefined || query.version === version) &&
    (query.backend === undefined || query.backend === backend) &&
    (query.device === undefined || query.device === device)
  );
}

/** Groups and devices of a range. */
interface Known {
  /** The groups that reported in the range. */
  readonly groups: readonly Group[];
  /** Their devices on the UTC days that the range touches. */
  readonly days: readonly DeviceDays[];
}

/**
 * Returns the groups that may be shown beside the whole model. Filters have no part in it, because the answers for
 * several filters together would show a hidden group.
 */
export function shownGroups(
  { groups, days }: Known,
  minDevices: number,
): (group: Group) => boolean {
  const byGroup = grouped(days, groupKey);
  const keys = [...new Set(groups.map(groupKey))];
  // a group with reports has at least one device, even when its first report of the day was counted elsewhere
  const devicesOf = (some: readonly string[]) =>
    Math.max(1, onBusiestDay(some.flatMap((key) => byGroup.get(key) ?? [])));
  const shown = new Set(shownParts(keys, { devicesOf, minDevices }));
  return (group) => shown.has(groupKey(group));
}

/**
 * Returns the versions that may be shown beside the whole model, the newest first. Opens that failed before a version
 * was known are of no version, and hide none.
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
