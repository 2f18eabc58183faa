import { UNLISTED } from '../counting/name-rows.js';
import type { FirstReport, ModelRange, Release, RollupReads } from '../store/rollup-store.js';
import { type Deliveries, readDeliveries } from './deliveries.js';
import type { FleetQuery, ModelContext } from './query.js';
import { signedRollouts } from './signed-rollout.js';

/** Answer of `GET /v1/fleet/releases`: the events of versions, in order of time, and how versions were delivered. */
export interface FleetReleases extends ModelRange {
  readonly deliveries: Deliveries;
  readonly events: readonly ReleaseEvent[];
  /** Versions whose canary is over at the end of the range, as far as facts name them. */
  readonly over: readonly string[];
}

/** A version is in this state from `atMs` on. */
export interface ReleaseEvent extends Omit<Release, 'state'> {
  /** `seen`: it reported for the first time, and no facts name it. */
  readonly state: Release['state'] | 'seen';
}

export async function fleetReleases(
  store: Pick<RollupReads, 'releases' | 'firstReports' | 'findings'>,
  { model, fromMs, toMs }: FleetQuery,
  { facts }: Pick<ModelContext, 'facts'>,
): Promise<FleetReleases> {
  const known = await store.releases(model);
  const versions = new Set(known.map(({ version }) => version));
  const seen = (await store.firstReports(model)).filter(
    ({ version }) => version !== '' && version !== UNLISTED && !versions.has(version),
  );
  const events = [...known, ...seen.map(seenEvent)]
    .filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
    .sort((a, b) => a.atMs - b.atMs);
  const over = signedRollouts([], { facts, journal: known, toMs }).filter(({ isOver }) => isOver);
  const deliveries = await readDeliveries(store, { model, fromMs, toMs });
  return {
    ...{ model, fromMs, toMs, deliveries, events },
    over: over.map(({ version }) => version),
  };
}

function seenEvent({ version, hourMs }: FirstReport): ReleaseEvent {
  return { atMs: hourMs, version, state: 'seen', rollout: null };
}
