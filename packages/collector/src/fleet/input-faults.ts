import { OTHER } from '../counting/known-codes.js';
import type { GroupSums, ModelRange, RollupReads } from '../store/rollup-store.js';
import { devicesByVersion } from './devices-by-version.js';
import { byFrequency } from './grouping.js';
import type { ModelContext } from './query.js';
import { devicesByName, readWholeDays, shownNames } from './shown-names.js';

export interface FeatureFaults {
  /** The feature's name in the signed model, or `feature 3` where that is not known. */
  readonly feature: string;
  readonly missing: number;
  readonly stale: number;
  readonly invalid: number;
  /** All faulty values by release of the app, the most frequent first. */
  readonly apps: Readonly<Record<string, number>>;
}

interface Asked extends ModelContext {
  readonly range: ModelRange;
  /** All groups of the range. */
  readonly groups: readonly GroupSums[];
}

/** Counts only versions that enough devices have, because the figures are about inputs. */
export async function inputFaults(
  store: Pick<RollupReads, 'sums' | 'deviceDays'>,
  { range, groups, facts, minDevices }: Asked,
): Promise<FeatureFaults[]> {
  const devices = await devicesByVersion(store, range);
  const isLarge = ({ version }: GroupSums) => (devices.get(version) ?? 1) >= minDevices;
  const shown = groups.filter((group) => group.counts.inputs && isLarge(group));
  if (shown.length === 0) return [];
  const wholeDays = (await readWholeDays(store, range)).filter(isLarge);
  const apps = shownApps(groups.filter(isLarge), wholeDays, { range, minDevices });
  const faults = new Map<string, FeatureFaults>();
  for (const { version, counts } of shown) {
    const byApp = Object.entries(counts.apps ?? {}).filter(([app]) => apps.has(app));
    for (const [position, more] of Object.entries(counts.inputs ?? {})) {
      const feature = featureName(position, { version, facts });
      const { missing = 0, stale = 0, invalid = 0 } = more;
      const before = faults.get(feature) ?? { missing: 0, stale: 0, invalid: 0, apps: {} };
      const ofApps = byApp.map(([app, { inputs }]) =>
        inputs?.[position] ? { [app]: inputs[position] } : undefined,
      );
      faults.set(feature, {
        feature,
        missing: before.missing + missing,
        stale: before.stale + stale,
        invalid: before.invalid + invalid,
        apps: byFrequency([before.apps, ...ofApps]),
      });
    }
  }
  return [...faults.values()]
    .filter((one) => countOf(one) > 0)
    .sort((a, b) => countOf(b) - countOf(a));
}

function countOf({ missing, stale, invalid }: FeatureFaults): number {
  return missing + stale + invalid;
}

function shownApps(
  groups: readonly GroupSums[],
  wholeDays: readonly GroupSums[],
  { range, minDevices }: Pick<Asked, 'range' | 'minDevices'>,
): Set<string> {
  const names = new Set(groups.flatMap(({ counts }) => Object.keys(counts.apps ?? {})));
  const devices = devicesByName(wholeDays, ({ counts }) => counts.apps, range);
  // inputs of apps that name no release are in no release's sum
  return shownNames([...names], { devices, hasRest: true, minDevices });
}

/** Positions are those of the reporting version. */
function featureName(
  position: string,
  { version, facts }: { version: string } & Pick<ModelContext, 'facts'>,
): string {
  if (position === OTHER) return OTHER;
  const own = facts?.versions.find((one) => one.version === version)?.features;
  return (own ?? facts?.features)?.[Number(position)] ?? `feature ${position}`;
}
