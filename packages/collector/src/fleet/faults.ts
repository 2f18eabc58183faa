import type { ByName } from '../counting/counts.js';
import type { GroupSums, ModelRange, RollupReads } from '../store/rollup-store.js';
import { readCohortDays } from './cohort-rows.js';
import { releaseTimes } from './deliveries.js';
import { onBusiestDay, readDeviceDays } from './devices-by-version.js';
import { byFrequency } from './grouping.js';
import { type FeatureFaults, inputFaults } from './input-faults.js';
import type { FleetQuery, ModelContext } from './query.js';
import { type ShadowAgreement, shadowAgreements } from './shadow-agreements.js';
import { shownParts } from './shown-parts.js';
import { type UpdateFaults, updateFaults } from './update-faults.js';

/** Devices of a class left a backend alone so often, because it failed or the browser ended the page with it. */
export interface Quarantines {
  readonly backend: string;
  readonly variant: string;
  /** An error code, or `lost-running` and its like. */
  readonly code: string;
  /** Class of device. Null stands for all classes that may not be shown. */
  readonly device: string | null;
  readonly n: number;
}

/** Answer of `GET /v1/fleet/faults`: all that went wrong beside runs. */
export interface FleetFaults extends ModelRange {
  readonly minDevices: number;
  /** The most frequent first. */
  readonly quarantines: readonly Quarantines[];
  /** Calls that were refused because of their input, by code. */
  readonly invalid: Readonly<Record<string, number>>;
  /** Features with missing, stale or invalid values. Those with the most are first. */
  readonly inputs: readonly FeatureFaults[];
  /** Versions that devices tried to update to, the newest first. */
  readonly updates: readonly UpdateFaults[];
  /** Versions that ran beside the one that serves. */
  readonly shadow: readonly ShadowAgreement[];
}

export type { FeatureFaults, ShadowAgreement, UpdateFaults };

export async function fleetFaults(
  store: RollupReads,
  { model, fromMs, toMs }: FleetQuery,
  { facts, minDevices }: ModelContext,
): Promise<FleetFaults> {
  const range = { model, fromMs, toMs };
  const groups = await store.sums({ ...range, histograms: [] });
  const rows = await readCohortDays(store, range);
  return {
    ...{ ...range, minDevices },
    quarantines: await quarantines(store, groups, { range, minDevices }),
    invalid: byFrequency(groups.map(({ counts }) => counts.invalid)),
    inputs: await inputFaults(store, { range, groups, facts, minDevices }),
    updates: updateFaults(rows, releaseTimes(await store.releases(model))),
    shadow: shadowAgreements(rows, { facts, minDevices }),
  };
}

async function quarantines(
  store: Pick<RollupReads, 'deviceDays'>,
  groups: readonly GroupSums[],
  { range, minDevices }: { readonly range: ModelRange; readonly minDevices: number },
): Promise<Quarantines[]> {
  const days = await readDeviceDays(store, range);
  const classes = [...new Set(groups.map(({ device }) => device))];
  const devicesOf = (some: readonly string[]) =>
    Math.max(1, onBusiestDay(days.filter(({ device }) => some.includes(device))));
  const shown = new Set(shownParts(classes, { devicesOf, minDevices }));
  const byKey = byFrequency(
    groups.map(({ device, counts }) =>
      withDevice(counts.quarantines, shown.has(device) ? device : ''),
    ),
  );
  return Object.entries(byKey).map(([key, n]) => {
    const [backend = '', variant = '', code = '', device = ''] = key.split(' ');
    return { backend, variant, code, device: device || null, n };
  });
}

function withDevice(quarantines: Readonly<ByName> | undefined, device: string): ByName {
  const named = Object.entries(quarantines ?? {}).map(([key, n]) => [`${key} ${device}`, n]);
  return Object.fromEntries(named);
}
