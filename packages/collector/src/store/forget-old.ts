import { addCounts, type Counts } from '../counting/counts.js';
import { RETENTION } from '../counting/retention.js';
import { DAY_MS, HOUR_MS, utcDay } from '../counting/time.js';
import { forgetFindings } from './finding-rows.js';
import { addToCounts, type CountsRow, countsOf } from './kept-rows.js';
import { forgetReleases } from './release-rows.js';
import { CELL_LENGTHS } from './rollup-store.js';
import { change, row, rows, type Work } from './statements.js';
import { cellTable } from './tables.js';
import { forgetTraces } from './trace-rows.js';

const SLICE = Object.freeze({
  /** The first slice has so many rows. The next ones have as many as fit the time. */
  rows: 200,
  /** The first slice of hours that move to their days has so many days. */
  days: 4,
  aimMs: 15,
  maxRows: 5000,
});

export interface ForgetOptions {
  /** Runs one slice in a transaction. */
  readonly slice: <Value>(work: () => Work<Value>) => Promise<Value>;
  /** Resolves when others had their turn: with true to go on. */
  readonly turn: () => Promise<boolean>;
  /** Forgets so many ids that are past their time. @returns how many were forgotten */
  readonly forgetSeen: (today: number, limit: number) => Work<number>;
}

/** Forgets rows that are past their time. Between slices, others have their turn. */
export async function forgetOld(
  nowMs: number,
  { slice, turn, forgetSeen }: ForgetOptions,
): Promise<void> {
  const today = utcDay(nowMs);

  async function inSlices(
    forget: (limit: number) => Work<number>,
    firstRows: number = SLICE.rows,
  ): Promise<void> {
    let limit = firstRows;
    for (;;) {
      const startedMs = performance.now();
      const changes = await slice(() => forget(limit));
      if (changes < limit) return;
      const tookMs = performance.now() - startedMs;
      limit = Math.ceil(Math.min(SLICE.maxRows, limit * 2, (limit * SLICE.aimMs) / tookMs));
      if (!(await turn())) return;
    }
  }

  await inSlices((limit) => forgetSeen(today, limit));
  await inSlices((limit) => forgetTraces(nowMs, limit));
  await inSlices((limit) => forgetReleases(nowMs, limit));
  await inSlices((limit) => forgetFindings(nowMs, limit));
  for (const model of await slice(readModelIds)) {
    for (const { ms, days } of CELL_LENGTHS) {
      const old = { model, beforeMs: (today - days) * DAY_MS };
      await inSlices((limit) =>
        forgetRows(cellTable(ms), 'model, start, series, late', { ...old, limit }),
      );
    }
    const hours = { model, beforeMs: (today - RETENTION.cohortDays) * DAY_MS };
    await inSlices((limit) => forgetRows('segment', 'model, start, series', { ...hours, limit }));
    await inSlices((limit) => moveCohorts({ ...hours, limit }), SLICE.days);
    const days = { model, beforeMs: (today - RETENTION.cohortDayDays) * DAY_MS };
    await inSlices((limit) =>
      forgetRows('cohort_day', 'model, start, unit, g', { ...days, limit }),
    );
  }
  await inSlices((limit) =>
    change(
      `
      DELETE FROM name WHERE (kind, model, name) IN (
        SELECT kind, model, name FROM name WHERE day < @before LIMIT @limit)`,
      { before: today - RETENTION.hourDays, limit },
    ),
  );
}

function* readModelIds(): Work<number[]> {
  return [...(yield* rows<{ id: number }>('SELECT id FROM model'))].map(({ id }) => id);
}

interface OldRows {
  readonly model: number;
  readonly beforeMs: number;
  readonly limit: number;
}

function forgetRows(table: string, key: string, old: OldRows): Work<number> {
  return change(
    `
    DELETE FROM ${table} WHERE (${key}) IN (
      SELECT ${key} FROM ${table} WHERE model = @model AND start < @beforeMs LIMIT @limit)`,
    { ...old },
  );
}

/** Each hour is named, because that finds them by the key. */
const HOURS_OF_DAY = `model = @model AND unit = @unit AND g = @g AND start IN (${Array.from(
  { length: 24 },
  (_, hour) => `CAST(@dayMs AS BIGINT) + ${hour * HOUR_MS}`,
).join(', ')})`;

/**
 * Adds hours to their UTC day and forgets them, in one transaction. Each hour is in one place, whenever the process
 * ends. All hours of a day, unit and cohort are moved at once, so that the day's row is written once.
 */
function* moveCohorts({ model, beforeMs, limit }: OldRows): Work<number> {
  const found = yield* rows<{ dayMs: number; unit: number; g: number }>(
    `
    SELECT start - start % ${DAY_MS} AS "dayMs", unit, g FROM cohort
    WHERE model = @model AND start < @beforeMs ORDER BY start, unit, g LIMIT @limit`,
    { model, beforeMs, limit },
  );
  const oldest = [...found];
  for (const { dayMs, unit, g } of oldest) {
    const key = { model, unit, g };
    const moved = yield* rows<CountsRow>(
      `SELECT counts, histograms FROM cohort WHERE ${HOURS_OF_DAY}`,
      { ...key, dayMs },
    );
    const counts: Counts = {};
    for (const hour of moved) addCounts(counts, countsOf(hour));
    // an hour before in this slice has moved the others with it
    const moves = yield* change(`DELETE FROM cohort WHERE ${HOURS_OF_DAY}`, { ...key, dayMs });
    if (moves === 0) continue;
    yield* addToDay({ ...key, start: dayMs }, counts);
  }
  return oldest.length;
}

function* addToDay(
  key: Readonly<Record<'model' | 'start' | 'unit' | 'g', number>>,
  added: Counts,
): Work<void> {
  const found = yield* row<CountsRow>(
    `
    SELECT counts, histograms FROM cohort_day
    WHERE model = @model AND start = @start AND unit = @unit AND g = @g`,
    key,
  );
  const [counts, histograms] = addToCounts(found, added);
  yield* change(
    `
    INSERT INTO cohort_day VALUES (@model, @start, @unit, @g, @counts, @histograms)
    ON CONFLICT (model, start, unit, g)
    DO UPDATE SET counts = excluded.counts, histograms = excluded.histograms`,
    { ...key, counts, histograms },
  );
}
