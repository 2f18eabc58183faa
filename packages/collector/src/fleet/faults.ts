import type { GroupSums, ModelRange, RollupReads } from '../counting/rollup-store.js';
import { readCohortDays } from './cohort-rows.js';
import { byFrequency } from './grouping.js';
import { type FeatureFaults, inputFaults } from './input-faults.js';
import type { FleetQuery, ModelContext } from './query.js';
import { type ShadowAgreement, shadowAgreements } from './shadow-agreements.js';
import { readReleaseTimes, type UpdateFaults, updateFaults } from './update-faults.js';

/** Answer of `GET /v1/fleet/faults`: all that went wrong beside runs. */
export interface FleetFaults extends ModelRange {
  readonly minDevices: number;
  /** Backends that devices quarantined, the most frequent first. */
  readonly quarantines: readonly {
    readonly backend: string;
    readonly variant: string;
    readonly code: string;
    readonly n: number;
  }[];
  /** Calls that were refused because of their input, by code. */
  readonly invalid: Readonly<Record<string, number>>;
  /** Features with missing, stale or invalid values. Those with the most are first. */
  readonly inputs: readonly FeatureFaults[];
  /** Versions that devices tried to update to, the newest first. */
  readonly updates: readonly UpdateFaults[];
  /** Candidates that ran beside the version that serves. */
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
    quarantines: quarantines(groups),
    invalid: byFrequency(groups.map(({ counts }) => counts.invalid)),
    inputs: await inputFaults(store, { range, groups, facts, minDevices }),
    updates: updateFaults(rows, await readReleaseTimes(store, model)),
    shadow: shadowAgreements(rows),
  };
}

function quarantines(groups: readonly GroupSums[]): FleetFaults['quarantines'] {
  const byKey = byFrequency(groups.map(({ counts }) => counts.quarantines));
  return Object.entries(byKey).map(([key, n]) => {
    const [backend = '', variant = '', code = ''] = key.split(' ');
    return { backend, variant, code, n };
  });
}
