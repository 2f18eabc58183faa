import type Database from 'better-sqlite3';
import type { LifetimeCounts } from '../counting/counts.js';
import type { Unit } from '../counting/known-names.js';
import { DAY_MS, HOUR_MS } from '../counting/time.js';
import {
  addByGroup,
  coverRange,
  lengthFor,
  type SlotRow,
  type SumsByGroup,
  sumBySlot,
} from '../store/cell-sums.js';
import { addByDay, daysOf, hoursBeside } from '../store/cohort-days.js';
import { type CountsRow, countsOf } from '../store/kept-rows.js';
import {
  CELL_LENGTHS,
  type CohortQuery,
  type CohortRow,
  type DeviceDays,
  type DevicesByHour,
  type Group,
  type Rollout,
  type RollupReads,
  type SegmentRow,
  type SlotReports,
  type Totals,
} from '../store/rollup-store.js';
import type { CohortTable } from './counts-rows.js';
import { prepareLastFindings, prepareReadFindings } from './finding-rows.js';
import { prepareReadReleases } from './release-rows.js';
import { cellTable } from './schema.js';

/** A question whose answer needs no waiting. */
type Read<Question extends keyof RollupReads> = (
  ...given: Parameters<RollupReads[Question]>
) => Awaited<ReturnType<RollupReads[Question]>>;

/**
 * Prepares the questions that a connection answers. Each answer is of one moment.
 *
 * @param run runs the work of each question
 */
export function prepareReads(
  database: Database.Database,
  run: <Value>(work: () => Value) => Promise<Value>,
): RollupReads {
  const through =
    <Given extends unknown[], Value>(read: (...given: Given) => Value) =>
    (...given: Given) =>
      run(() => read(...given));
  return {
    models: through(prepareModels(database)),
    cells: through(prepareCells(database)),
    sums: through(prepareSums(database)),
    reportsBySlot: through(prepareReportsBySlot(database)),
    devicesByHour: through(prepareDevicesByHour(database)),
    deviceDays: through(prepareDeviceDays(database)),
    cohorts: through(prepareCohorts(database)),
    cohortDays: through(prepareCohortDays(database)),
    segments: through(prepareSegments(database)),
    rollouts: through(prepareRollouts(database)),
    releases: through(prepareReadReleases(database)),
    firstReports: through(prepareFirstReports(database)),
    findings: through(prepareReadFindings(database)),
    lastFindings: through(prepareLastFindings(database)),
    totals: through(prepareTotals(database)),
  };
}

function forEachLength(
  prepare: (table: string) => Database.Statement,
): (length: number) => Database.Statement {
  const statements = new Map(
    CELL_LENGTHS.map(({ ms }): [number, Database.Statement] => [ms, prepare(cellTable(ms))]),
  );
  return (length) => statements.get(length) as Database.Statement;
}

const OF_MODEL = 'c.model = (SELECT id FROM model WHERE name = @model)';
const IN_RANGE = 'c.start >= @fromMs AND c.start < @toMs';

/** Adds up the cells of a range by part and slot. */
function prepareCells(database: Database.Database): Read<'cells'> {
  const statement = forEachLength((table) =>
    database
      .prepare(`
        SELECT c.series, c.start - c.start % @stepMs, c.reports, c.ok, c.failed, c.weighted, c.latency
        FROM ${table} c WHERE ${OF_MODEL} AND ${IN_RANGE}`)
      .raw(),
  );
  const series = database.prepare(`
    SELECT s.id, s.version, s.backend, s.device FROM series s JOIN model m ON m.id = s.model
    WHERE m.name = ?`);
  return ({ partOf = () => '', ...query }) => {
    const known = series.all(query.model) as (Group & { id: number })[];
    const rows = statement(lengthFor(query)).iterate(query) as Iterable<SlotRow>;
    return sumBySlot(rows, known, partOf);
  };
}

function prepareReportsBySlot(database: Database.Database): Read<'reportsBySlot'> {
  const statement = forEachLength((table) =>
    database.prepare(`
      SELECT c.start - c.start % @stepMs AS slotMs, sum(c.reports) AS reports
      FROM ${table} c WHERE ${OF_MODEL} AND ${IN_RANGE} GROUP BY 1 ORDER BY 1`),
  );
  return (query) => statement(lengthFor(query)).all(query) as SlotReports[];
}

/** Adds up a range by group, from whole days, and from shorter cells at both ends. */
function prepareSums(database: Database.Database): Read<'sums'> {
  const statement = forEachLength((table) =>
    database.prepare(`
      SELECT s.version, s.backend, s.device, c.counts, c.histograms
      FROM ${table} c JOIN series s ON s.id = c.series
      WHERE ${OF_MODEL} AND ${IN_RANGE}`),
  );
  return ({ model, fromMs, toMs, histograms }) => {
    const sums: SumsByGroup = new Map();
    const paths = new Set(histograms);
    for (const { length, ...range } of coverRange(fromMs, toMs)) {
      const rows = statement(length).iterate({ model, ...range });
      addByGroup(sums, rows as Iterable<Group & CountsRow>, paths);
    }
    return [...sums.values()];
  };
}

/** Reads the cells of hours, which have the first reports of an hour. */
function prepareDevicesByHour(database: Database.Database): Read<'devicesByHour'> {
  const rows = database.prepare(`
    SELECT c.start AS hourMs, sum(c.devices) AS devices FROM ${cellTable(HOUR_MS)} c
    WHERE ${OF_MODEL} AND ${IN_RANGE} GROUP BY 1 HAVING devices > 0 ORDER BY 1`);
  return (range) => rows.all(range) as DevicesByHour[];
}

/** Reads the cells of days, which have the first reports of a day. */
function prepareDeviceDays(database: Database.Database): Read<'deviceDays'> {
  const rows = database.prepare(`
    SELECT s.version, s.backend, s.device, c.start / ${DAY_MS} AS day,
      sum(c.devices) AS devices
    FROM ${cellTable(DAY_MS)} c JOIN series s ON s.id = c.series
    WHERE c.model = (SELECT id FROM model WHERE name = @model)
      AND c.start BETWEEN @fromDay * ${DAY_MS} AND @toDay * ${DAY_MS}
    GROUP BY 1, 2, 3, 4 HAVING devices > 0`);
  return (query) => rows.all(query) as DeviceDays[];
}

function prepareModels(database: Database.Database): Read<'models'> {
  const newest = CELL_LENGTHS.map(
    ({ ms }) => `(SELECT max(start) FROM ${cellTable(ms)} WHERE model = m.id)`,
  );
  const models = database.prepare(`
    SELECT m.name AS model, coalesce(${newest.join(', ')}) AS lastMs,
      (SELECT min(start) FROM ${cellTable(DAY_MS)} WHERE model = m.id) AS firstMs,
      (SELECT json_group_array(DISTINCT version) FROM series WHERE model = m.id) AS versions
    FROM model m ORDER BY 1`);
  return () =>
    (models.all() as ModelRow[]).flatMap(({ model, firstMs, lastMs, versions }) =>
      lastMs === null
        ? []
        : [
            {
              model,
              versions: (JSON.parse(versions) as string[]).sort(),
              firstMs: firstMs ?? lastMs,
              lastMs,
            },
          ],
    );
}

interface ModelRow {
  readonly model: string;
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  readonly versions: string;
}

interface CohortColumns extends Omit<Unit, 'model'>, CountsRow {
  readonly start: number;
  readonly g: number;
}

function prepareCohorts(database: Database.Database): Read<'cohorts'> {
  const rows = prepareCohortRows(database, 'cohort');
  return (query) => [...rows(query)];
}

/** Reads the kept days, and makes the others from their hours, of one moment. */
function prepareCohortDays(database: Database.Database): Read<'cohortDays'> {
  const hours = prepareCohortRows(database, 'cohort');
  const days = prepareCohortRows(database, 'cohort_day');
  return database.transaction((query: CohortQuery) => {
    const sums = new Map<string, CohortRow>();
    addByDay(sums, days(daysOf(query)));
    addByDay(sums, hours(hoursBeside(sums.values(), query)));
    return [...sums.values()];
  });
}

function prepareCohortRows(
  database: Database.Database,
  table: CohortTable,
): (query: CohortQuery) => Generator<CohortRow> {
  const rows = database.prepare(`
    SELECT u.version, u.assigned, u.arm, u.experiment, c.start, c.g, c.counts, c.histograms
    FROM ${table} c JOIN unit u ON u.id = c.unit
    WHERE ${OF_MODEL} AND ${IN_RANGE}
      AND u.version = coalesce(@version, u.version)
      AND u.experiment = coalesce(@experiment, u.experiment)
    ORDER BY c.start`);
  return function* ({ version = null, experiment = null, ...query }) {
    const found = rows.iterate({ ...query, version, experiment });
    for (const { start, g, counts, histograms, ...unit } of found as Iterable<CohortColumns>) {
      yield {
        unit: { model: query.model, ...unit },
        hourMs: start,
        cohort: g,
        counts: countsOf({ counts, histograms }),
      };
    }
  };
}

function prepareSegments(database: Database.Database): Read<'segments'> {
  const rows = database.prepare(`
    SELECT s.version, s.backend, s.device, g.start AS hourMs, g.counts
    FROM segment g JOIN series s ON s.id = g.series
    WHERE g.model = (SELECT id FROM model WHERE name = @model)
      AND g.start >= @fromMs AND g.start < @toMs AND s.version = @version`);
  return (query) =>
    (rows.all(query) as (Omit<SegmentRow, 'counts'> & { counts: string })[]).map(
      ({ counts, ...row }) => ({ ...row, counts: JSON.parse(counts) as SegmentRow['counts'] }),
    );
}

function prepareRollouts(database: Database.Database): Read<'rollouts'> {
  const rows = database.prepare(`
    SELECT DISTINCT assigned AS version, experiment FROM unit
    WHERE model = (SELECT id FROM model WHERE name = ?) AND arm = 'canary'`);
  return (model) => rows.all(model) as Rollout[];
}

/** Finds the day of a version's first report, and then its hour. All hours would be many more rows. */
function prepareFirstReports(database: Database.Database): Read<'firstReports'> {
  const days = database.prepare(`
    SELECT s.version, min(c.start) AS dayMs
    FROM ${cellTable(DAY_MS)} c JOIN series s ON s.id = c.series
    WHERE c.model = (SELECT id FROM model WHERE name = ?) GROUP BY 1`);
  const hour = database
    .prepare(`
      SELECT min(c.start) FROM ${cellTable(HOUR_MS)} c JOIN series s ON s.id = c.series
      WHERE c.model = (SELECT id FROM model WHERE name = @model)
        AND s.version = @version AND c.start >= @dayMs AND c.start < @dayMs + ${DAY_MS}`)
    .pluck();
  return (model) =>
    (days.all(model) as { version: string; dayMs: number }[]).map(({ version, dayMs }) => ({
      version,
      hourMs: (hour.get({ model, version, dayMs }) as number | null) ?? dayMs,
    }));
}

function prepareTotals(database: Database.Database): Read<'totals'> {
  const rows = database.prepare(`
    SELECT m.name AS model, s.version, s.variant, s.backend, s.device, s.arm, l.counts
    FROM lifetime l JOIN series s ON s.id = l.series JOIN model m ON m.id = s.model
    ORDER BY l.last DESC, l.series`);
  return () =>
    (rows.all() as (Omit<Totals, 'counts'> & { counts: string })[]).map((row) => ({
      ...row,
      counts: JSON.parse(row.counts) as LifetimeCounts,
    }));
}
