import type { TraceSpan } from '@nearside/core';
import type Database from 'better-sqlite3';
import { RETENTION } from '../counting/retention.js';
import { DAY_MS } from '../counting/time.js';
import type { KeptTrace, RunTrace, TraceQuery } from '../store/rollup-store.js';

export const TRACE_SCHEMA = `
  -- runs that failed or were slow: the last ones of each model, and no longer than some days. A resend is the same run
  CREATE TABLE trace (
    n       INTEGER PRIMARY KEY,
    run     TEXT NOT NULL UNIQUE,
    arrived INTEGER NOT NULL,
    model   TEXT NOT NULL,
    spans   TEXT NOT NULL
  );
  CREATE INDEX trace_model ON trace (model, n);
  CREATE INDEX trace_arrived ON trace (arrived);
`;

/** Writes, reads and forgets traces. */
export function prepareTraces(database: Database.Database, checkOwner: () => void) {
  const insert = database.prepare(
    'INSERT INTO trace (run, arrived, model, spans) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const dropOldest = database.prepare(`
    DELETE FROM trace WHERE model = @model AND n <= (
      SELECT n FROM trace WHERE model = @model ORDER BY n DESC LIMIT 1 OFFSET @most)`);
  const forget = database.prepare(
    'DELETE FROM trace WHERE n IN (SELECT n FROM trace WHERE arrived < ? LIMIT ?)',
  );
  const find = database.prepare(
    'SELECT arrived, spans FROM trace WHERE model = ? ORDER BY n DESC LIMIT ?',
  );

  const add = database.transaction((traces: readonly RunTrace[], nowMs: number) => {
    checkOwner();
    for (const { model, traceId, spanId, spans } of traces) {
      insert.run(`${traceId} ${spanId}`, nowMs, model, JSON.stringify(spans));
    }
    for (const model of new Set(traces.map((trace) => trace.model))) {
      dropOldest.run({ model, most: RETENTION.tracesOfModel });
    }
  });

  return {
    add: (traces: readonly RunTrace[], nowMs: number) => add.immediate(traces, nowMs),
    /** @returns how many were forgotten */
    forget: (nowMs: number, rows: number) =>
      forget.run(nowMs - RETENTION.traceDays * DAY_MS, rows).changes,
    recent({ model, limit }: TraceQuery): KeptTrace[] {
      const rows = find.all(model, limit) as { arrived: number; spans: string }[];
      return rows.map(({ arrived, spans }) => ({
        arrivedMs: arrived,
        spans: JSON.parse(spans) as TraceSpan[],
      }));
    },
  };
}
