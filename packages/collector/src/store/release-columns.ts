import type { Release } from './rollup-store.js';

/** A row of a table: a version was in this state from a time on. */
export interface ReleaseColumns {
  readonly at: number;
  readonly version: string;
  readonly state: Release['state'];
  readonly from_bps: number | null;
  readonly to_bps: number | null;
}

export function releaseOf({ at, version, state, from_bps, to_bps }: ReleaseColumns): Release {
  const hasRollout = from_bps !== null && to_bps !== null;
  return {
    atMs: at,
    version,
    state,
    rollout: hasRollout ? { fromBps: from_bps, toBps: to_bps } : null,
  };
}

type State = Pick<Release, 'state' | 'rollout'>;

/** Tells whether a version is as it was, so that nothing is written down. */
export function isSameState(a: State, b: State): boolean {
  return (
    a.state === b.state &&
    a.rollout?.fromBps === b.rollout?.fromBps &&
    a.rollout?.toBps === b.rollout?.toBps
  );
}
