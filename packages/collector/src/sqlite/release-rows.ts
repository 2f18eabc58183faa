import type Database from 'better-sqlite3';
import { RETENTION } from '../counting/retention.js';
import { DAY_MS } from '../counting/time.js';
import type { Release, VersionState } from '../store/rollup-store.js';

export const RELEASE_SCHEMA = `
  -- what was known of versions, and from when on: the last row of each is what was said last
  CREATE TABLE release (
    n        INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    model    TEXT NOT NULL,
    version  TEXT NOT NULL,
    state    TEXT NOT NULL,
    from_bps INTEGER,
    to_bps   INTEGER
  );
  CREATE INDEX release_version ON release (model, version, n);
`;

interface ReleaseColumns {
  readonly at: number;
  readonly version: string;
  readonly state: Release['state'];
  readonly from_bps: number | null;
  readonly to_bps: number | null;
}

/** Writes down changes of versions, and forgets those that are past their time. */
export function prepareReleases(database: Database.Database, checkOwner: () => void) {
  const findLast = database.prepare(`
    SELECT at, version, state, from_bps, to_bps FROM release
    WHERE model = ? AND version = ? ORDER BY n DESC LIMIT 1`);
  const insert = database.prepare(`
    INSERT INTO release (at, model, version, state, from_bps, to_bps) VALUES (?, ?, ?, ?, ?, ?)`);
  // the last row of a version is kept, because the next start would otherwise write it again as new
  const forget = database.prepare(`
    DELETE FROM release WHERE n IN (
      SELECT n FROM release r WHERE at < ? AND EXISTS (
        SELECT 1 FROM release l WHERE l.model = r.model AND l.version = r.version AND l.n > r.n)
      LIMIT ?)`);

  const add = database.transaction((states: readonly VersionState[], nowMs: number) => {
    checkOwner();
    for (const { model, version, state, rollout } of states) {
      const last = findLast.get(model, version) as ReleaseColumns | undefined;
      if (last && isSame(releaseOf(last), { state, rollout })) continue;
      const { fromBps = null, toBps = null } = rollout ?? {};
      insert.run(nowMs, model, version, state, fromBps, toBps);
    }
  });

  return {
    add: (states: readonly VersionState[], nowMs: number) => add.immediate(states, nowMs),
    /** @returns how many were forgotten */
    forget: (nowMs: number, rows: number) =>
      forget.run(nowMs - RETENTION.releaseDays * DAY_MS, rows).changes,
  };
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

export function prepareReadReleases(database: Database.Database): (model: string) => Release[] {
  const rows = database.prepare(`
    SELECT at, version, state, from_bps, to_bps FROM release WHERE model = ? ORDER BY at, n`);
  return (model) => (rows.all(model) as ReleaseColumns[]).map(releaseOf);
}
