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
  const events = [...signedTimes(known, facts), ...seen.map(seenEvent)]
    .filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
    .sort((a, b) => a.atMs - b.atMs);
  const over = signedRollouts([], { facts, journal: known, toMs }).filter(({ isOver }) => isOver);
  const deliveries = await readDeliveries(store, { model, fromMs, toMs });
  return {
    ...{ model, fromMs, toMs, deliveries, events },
    over: over.map(({ version }) => version),
  };
}

/**
 * Dates shares by when they were signed, which facts tell since when they were read. What was there when the journal began,
 * and what has no signed time or one that does not fit, keeps the time at which facts were read.
 */
function signedTimes(journal: readonly Release[], facts: ModelContext['facts']): Release[] {
  const lastMs = new Map<string, number>();
  return journal.map((event) => {
    const { atMs, version, state } = event;
    const afterMs = lastMs.get(version) ?? journal[0]?.atMs ?? atMs;
    lastMs.set(version, atMs);
    if (state !== 'canary' && state !== 'shadow') return event;
    const signed = facts?.versions.find((one) => one.version === version)?.rollout?.offeredMs ?? [];
    const signedMs = signed.findLast((ms) => ms > afterMs && ms <= atMs);
    return { ...event, atMs: signedMs ?? atMs };
  });
}

function seenEvent({ version, hourMs }: FirstReport): ReleaseEvent {
  return { atMs: hourMs, version, state: 'seen', rollout: null };
}
