import type { TraceSpan } from '@nearside/core';
import { RETENTION } from '../counting/retention.js';
import { DAY_MS } from '../counting/time.js';
import type { KeptTrace, RunTrace, TraceQuery } from './rollup-store.js';
import { change, rows, type Work } from './statements.js';

/** Writes runs that are not there yet, and drops the oldest of their models. */
export function* writeTraces(traces: readonly RunTrace[], nowMs: number): Work<void> {
  for (const { model, traceId, spanId, spans } of traces) {
    yield* change(
      `
      INSERT INTO trace (run, arrived, model, spans) VALUES (@run, @nowMs, @model, @spans)
      ON CONFLICT DO NOTHING`,
      { run: `${traceId} ${spanId}`, nowMs, model, spans: JSON.stringify(spans) },
    );
  }
  for (const model of new Set(traces.map((trace) => trace.model))) {
    yield* change(
      `
      DELETE FROM trace WHERE model = @model AND n <= (
        SELECT n FROM trace WHERE model = @model ORDER BY n DESC LIMIT 1 OFFSET @most)`,
      { model, most: RETENTION.tracesOfModel },
    );
  }
}

export function forgetTraces(nowMs: number, limit: number): Work<number> {
  return change(
    'DELETE FROM trace WHERE n IN (SELECT n FROM trace WHERE arrived < @beforeMs LIMIT @limit)',
    { beforeMs: nowMs - RETENTION.traceDays * DAY_MS, limit },
  );
}

export function* readTraces({ model, limit }: TraceQuery): Work<KeptTrace[]> {
  const found = yield* rows<{ arrived: number; spans: string }>(
    'SELECT arrived, spans FROM trace WHERE model = @model ORDER BY n DESC LIMIT @limit',
    { model, limit },
  );
  return [...found].map(({ arrived, spans }) => ({
    arrivedMs: arrived,
    spans: JSON.parse(spans) as TraceSpan[],
  }));
}
