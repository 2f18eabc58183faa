import { median } from '../statistics/trimmed-difference.js';
import type { ModelRange, Release, RollupReads } from '../store/rollup-store.js';
import { VERDICT } from './findings.js';

/** How versions were delivered in a range. Times are medians. */
export interface Deliveries {
  /** Versions that were offered for the first time. */
  readonly deployments: number;
  /** Those of them that were revoked in the range. */
  readonly revoked: number;
  /** From a version's first offer until it was for all, of those that came to be for all. Null where none did. */
  readonly leadMs: number | null;
  /** From the first offer of a version until it was taken back, of those that were taken back. */
  readonly restoreMs: number | null;
  /** The same from the verdict to roll it back. Null where there was none before. */
  readonly restoreFromVerdictMs: number | null;
}

/** When what happened to a version, as far as it is known. */
interface Delivery {
  readonly version: string;
  readonly offeredMs: number | undefined;
  readonly forAllMs: number | undefined;
  readonly revokedMs: number | undefined;
}

export async function readDeliveries(
  store: Pick<RollupReads, 'releases' | 'findings'>,
  range: ModelRange,
): Promise<Deliveries> {
  const journal = await store.releases(range.model);
  const isIn = (atMs = NaN) => atMs >= range.fromMs && atMs < range.toMs;
  const all = deliveriesIn(journal);
  const deployed = all.filter(({ offeredMs }) => isIn(offeredMs));
  const back = all.filter(({ revokedMs }) => isIn(revokedMs));
  const fromMs = Math.min(range.fromMs, ...back.flatMap(({ offeredMs }) => offeredMs ?? []));
  const verdicts = back.length > 0 && (await readRollBacks(store, { ...range, fromMs }));
  return {
    deployments: deployed.length,
    revoked: deployed.filter((one) => back.includes(one)).length,
    leadMs: medianTime(all, ({ offeredMs, forAllMs }) => isIn(forAllMs) && [offeredMs, forAllMs]),
    restoreMs: medianTime(back, ({ offeredMs, revokedMs }) => [offeredMs, revokedMs]),
    restoreFromVerdictMs: medianTime(
      back,
      ({ version, revokedMs }) => verdicts && [verdicts.get(version), revokedMs],
    ),
  };
}

function deliveriesIn(journal: readonly Release[]): Delivery[] {
  const offered = releaseTimes(journal);
  return [...new Set(journal.map(({ version }) => version))].map((version) => {
    const own = journal.filter((one) => one.version === version && one.state !== 'shadow');
    const isKnownOffer = own[0] !== undefined && own[0].state !== 'revoked';
    return {
      version,
      offeredMs: isKnownOffer ? offered.get(version) : undefined,
      forAllMs: own.find(({ state, rollout }) => state === 'stable' && !rollout)?.atMs,
      revokedMs: isKnownOffer ? own.find(({ state }) => state === 'revoked')?.atMs : undefined,
    };
  });
}

/**
 * Returns when versions were first offered. Those that were there when the journal began have no time, and a shadow is
 * offered to nobody.
 */
export function releaseTimes(
  journal: readonly (Pick<Release, 'version' | 'atMs'> & { readonly state: string })[],
): Map<string, number> {
  const beganMs = Math.min(...journal.map(({ atMs }) => atMs));
  const times = new Map<string, number>();
  for (const { version, atMs, state } of journal) {
    if (state !== 'shadow' && !times.has(version)) times.set(version, atMs);
  }
  return new Map([...times].filter(([, atMs]) => atMs > beganMs));
}

/** Reads since when the verdict on a version was to roll it back. */
async function readRollBacks(
  store: Pick<RollupReads, 'findings'>,
  range: ModelRange,
): Promise<Map<string, number>> {
  const entries = await store.findings(range);
  const said = entries.filter(({ kind, state }) => kind === VERDICT && state === 'roll-back');
  // of several the first
  return new Map(said.reverse().map(({ version, atMs }) => [version, atMs]));
}

/** @param ends begin and end of one. It is left out where one of them is not known, or nothing is said */
function medianTime(
  deliveries: readonly Delivery[],
  ends: (one: Delivery) => false | readonly [number | undefined, number | undefined],
): number | null {
  const times = deliveries.flatMap((one) => {
    const [from, to] = ends(one) || [];
    return from === undefined || to === undefined || to < from ? [] : [to - from];
  });
  return times.length > 0 ? median(times) : null;
}
