import type { ModelFacts } from '@nearside/core';
import { RETENTION } from '../counting/retention.js';
import { DAY_MS } from '../counting/time.js';
import type { Release, VersionState } from './rollup-store.js';
import { change, row, rows, type Work } from './statements.js';

/** The present states of the versions in facts. */
export function releaseStates({ models }: ModelFacts): VersionState[] {
  return models.flatMap(({ model, versions }) =>
    versions.map(({ version, state, rollout }) => ({
      model,
      version,
      state,
      rollout: rollout ? { fromBps: rollout.fromBps, toBps: rollout.toBps } : null,
    })),
  );
}

interface ReleaseColumns {
  readonly at: number;
  readonly version: string;
  readonly state: Release['state'];
  readonly from_bps: number | null;
  readonly to_bps: number | null;
}

/** Writes down each version whose state or rollout has changed since it was last written down. */
export function* writeReleases(states: readonly VersionState[], nowMs: number): Work<void> {
  for (const { model, version, state, rollout } of states) {
    const last = yield* row<ReleaseColumns>(
      `
      SELECT at, version, state, from_bps, to_bps FROM release
      WHERE model = @model AND version = @version ORDER BY n DESC LIMIT 1`,
      { model, version },
    );
    if (last && isSame(releaseOf(last), { state, rollout })) continue;
    const { fromBps = null, toBps = null } = rollout ?? {};
    yield* change(
      `
      INSERT INTO release (at, model, version, state, from_bps, to_bps)
      VALUES (@nowMs, @model, @version, @state, @fromBps, @toBps)`,
      { nowMs, model, version, state, fromBps, toBps },
    );
  }
}

/** Keeps the last row of a version, because the next start would otherwise write it again as new. */
export function forgetReleases(nowMs: number, limit: number): Work<number> {
  return change(
    `
    DELETE FROM release WHERE n IN (
      SELECT n FROM release r WHERE at < @beforeMs AND EXISTS (
        SELECT 1 FROM release l WHERE l.model = r.model AND l.version = r.version AND l.n > r.n)
      LIMIT @limit)`,
    { beforeMs: nowMs - RETENTION.releaseDays * DAY_MS, limit },
  );
}

export function* readReleases(model: string): Work<Release[]> {
  const found = yield* rows<ReleaseColumns>(
    'SELECT at, version, state, from_bps, to_bps FROM release WHERE model = @model ORDER BY at, n',
    { model },
  );
  return [...found].map(releaseOf);
}

function isSame(a: Pick<Release, 'state' | 'rollout'>, b: Pick<Release, 'state' | 'rollout'>) {
  return (
    a.state === b.state &&
    a.rollout?.fromBps === b.rollout?.fromBps &&
    a.rollout?.toBps === b.rollout?.toBps
  );
}

function releaseOf({ at, version, state, from_bps, to_bps }: ReleaseColumns): Release {
  const hasRollout = from_bps !== null && to_bps !== null;
  return {
    atMs: at,
    version,
    state,
    rollout: hasRollout ? { fromBps: from_bps, toBps: to_bps } : null,
  };
}
