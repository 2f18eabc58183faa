import type { LifetimeCounts } from '../counting/counts.js';
import type { KnownName, Unit } from '../counting/known-names.js';
import { DAY_MS, HOUR_MS } from '../counting/time.js';
import {
  addByGroup,
  coverRange,
  lengthFor,
  type SlotRow,
  type SumsByGroup,
  sumBySlot,
} from './cell-sums.js';
import { addByDay, daysOf, hoursBeside } from './cohort-days.js';
import { readFindings, readLastFindings, readLookedMs } from './finding-rows.js';
import { type CountsRow, countsOf } from './kept-rows.js';
import { readReleases } from './release-rows.js';
import {
  CELL_LENGTHS,
  type CohortQuery,
  type CohortRow,
  type DeviceDays,
  type DevicesByHour,
  type FirstReport,
  type Group,
  type Rollout,
  type RollupReads,
  type SegmentRow,
  type SlotReports,
  type Totals,
} from './rollup-store.js';
import { lists, row, rows, type Work } from './statements.js';
import { type CohortTable, cellTable } from './tables.js';

/** The work that answers a question. All its statements have to see one moment. */
type Read<Question extends keyof RollupReads> = (
  ...given: Parameters<RollupReads[Question]>
) => Work<Awaited<ReturnType<RollupReads[Question]>>>;

/** @param run runs the work of a question */
export function answerQuestions(
  run: <Value>(work: () => Work<Value>) => Promise<Value>,
): RollupReads {
  const through =
    <Given extends unknown[], Value>(read: (...given: Given) => Work<Value>) =>
    (...given: Given) =>
      run(() => read(...given));
  return {
    models: through(readModels),
    cells: through(readCells),
    sums: through(readSums),
    reportsBySlot: through(readReportsBySlot),
    devicesByHour: through(readDevicesByHour),
    deviceDays: through(readDeviceDays),
    cohorts: through(readCohorts),
    cohortDays: through(readCohortDays),
    segments: through(readSegments),
    rollouts: through(readRollouts),
    releases: through(readReleases),
    firstReports: through(readFirstReports),
    findings: through(readFindings),
    lastFindings: through(readLastFindings),
    lookedMs: through(readLookedMs),
    totals: through(readTotals),
  };
}

const OF_MODEL = 'c.model = (SELECT id FROM model WHERE name = @model)';
const IN_RANGE = 'c.start >= @fromMs AND c.start < @toMs';

/** Adds up the cells of a range by part and slot. */
const readCells: Read<'cells'> = function* ({ partOf = () => '', model, fromMs, toMs, stepMs }) {
  const series = yield* rows<Group & { id: number }>(
    `
    SELECT s.id, s.version, s.backend, s.device FROM series s JOIN model m ON m.id = s.model
    WHERE m.name = @model`,
    { model },
  );
  const known = [...series];
  const found = yield* lists<SlotRow>(
    `
    SELECT c.series, c.start - c.start % @stepMs, c.reports, c.ok, c.failed, c.weighted, c.latency
    FROM ${cellTable(lengthFor({ fromMs, toMs, stepMs }))} c WHERE ${OF_MODEL} AND ${IN_RANGE}`,
    { model, fromMs, toMs, stepMs },
  );
  return sumBySlot(found, known, partOf);
};

const readReportsBySlot: Read<'reportsBySlot'> = function* ({ model, fromMs, toMs, stepMs }) {
  const found = yield* rows<SlotReports>(
    `
    SELECT c.start - c.start % @stepMs AS "slotMs", sum(c.reports) AS reports
    FROM ${cellTable(lengthFor({ fromMs, toMs, stepMs }))} c
    WHERE ${OF_MODEL} AND ${IN_RANGE} GROUP BY 1 ORDER BY 1`,
    { model, fromMs, toMs, stepMs },
  );
  return [...found];
};

/** Adds up a range by group, from whole days, and from shorter cells at both ends. */
const readSums: Read<'sums'> = function* ({ model, fromMs, toMs, histograms }) {
  const sums: SumsByGroup = new Map();
  const paths = new Set(histograms);
  for (const { length, ...range } of coverRange(fromMs, toMs)) {
    const found = yield* rows<Group & CountsRow>(
      `
      SELECT s.version, s.backend, s.device, c.counts, c.histograms
      FROM ${cellTable(length)} c JOIN series s ON s.id = c.series
      WHERE ${OF_MODEL} AND ${IN_RANGE}`,
      { model, ...range },
    );
    addByGroup(sums, found, paths);
  }
  return [...sums.values()];
};

/** Reads the cells of hours, which have the first reports of an hour. */
const readDevicesByHour: Read<'devicesByHour'> = function* ({ model, fromMs, toMs }) {
  const found = yield* rows<DevicesByHour>(
    `
    SELECT c.start AS "hourMs", sum(c.devices) AS devices FROM ${cellTable(HOUR_MS)} c
    WHERE ${OF_MODEL} AND ${IN_RANGE} GROUP BY 1 HAVING sum(c.devices) > 0 ORDER BY 1`,
    { model, fromMs, toMs },
  );
  return [...found];
};

/** Reads the cells of days, which have the first reports of a day. */
const readDeviceDays: Read<'deviceDays'> = function* ({ model, fromDay, toDay }) {
  const found = yield* rows<DeviceDays>(
    `
    SELECT s.version, s.backend, s.device, c.start / ${DAY_MS} AS day,
      sum(c.devices) AS devices
    FROM ${cellTable(DAY_MS)} c JOIN series s ON s.id = c.series
    WHERE ${OF_MODEL} AND c.start BETWEEN @fromMs AND @toMs
    GROUP BY 1, 2, 3, 4 HAVING sum(c.devices) > 0`,
    { model, fromMs: fromDay * DAY_MS, toMs: toDay * DAY_MS },
  );
  return [...found];
};

const readModels: Read<'models'> = function* () {
  const newest = CELL_LENGTHS.map(
    ({ ms }) => `(SELECT max(start) FROM ${cellTable(ms)} WHERE model = m.id)`,
  );
  const found = [
    ...(yield* rows<ModelRow>(`
    SELECT m.id, m.name AS model, coalesce(${newest.join(', ')}) AS "lastMs",
      (SELECT min(start) FROM ${cellTable(DAY_MS)} WHERE model = m.id) AS "firstMs"
    FROM model m`)),
  ];
  const versions = new Map<number, string[]>();
  const ofSeries = yield* lists<[number, string]>('SELECT DISTINCT model, version FROM series');
  for (const [id, version] of ofSeries) versions.set(id, [...(versions.get(id) ?? []), version]);
  return found
    .flatMap(({ id, model, firstMs, lastMs }) =>
      lastMs === null
        ? []
        : [
            {
              model,
              versions: (versions.get(id) ?? []).sort(),
              firstMs: firstMs ?? lastMs,
              lastMs,
            },
          ],
    )
    .sort((a, b) => (a.model < b.model ? -1 : 1));
};

interface ModelRow {
  readonly id: number;
  readonly model: string;
  readonly firstMs: number | null;
  readonly lastMs: number | null;
}

interface CohortColumns extends Omit<Unit, 'model'>, CountsRow {
  readonly start: number;
  readonly g: number;
}

const readCohorts: Read<'cohorts'> = function* (query) {
  return yield* readCohortRows('cohort', query);
};

/** Reads the kept days, and makes the others from their hours. */
const readCohortDays: Read<'cohortDays'> = function* (query) {
  const sums = new Map<string, CohortRow>();
  addByDay(sums, yield* readCohortRows('cohort_day', daysOf(query)));
  addByDay(sums, yield* readCohortRows('cohort', hoursBeside(sums.values(), query)));
  return [...sums.values()];
};

function* readCohortRows(table: CohortTable, query: CohortQuery): Work<CohortRow[]> {
  const { model, fromMs, toMs, version = null, experiment = null } = query;
  const found = yield* rows<CohortColumns>(
    `
    SELECT u.version, u.assigned, u.arm, u.experiment, c.start, c.g, c.counts, c.histograms
    FROM ${table} c JOIN unit u ON u.id = c.unit
    WHERE ${OF_MODEL} AND ${IN_RANGE}
      AND u.version = coalesce(@version, u.version)
      AND u.experiment = coalesce(@experiment, u.experiment)
    ORDER BY c.start`,
    { model, fromMs, toMs, version, experiment },
  );
  const ofCohorts: CohortRow[] = [];
  for (const { start, g, counts, histograms, ...unit } of found) {
    ofCohorts.push({
      unit: { model, ...unit },
      hourMs: start,
      cohort: g,
      counts: countsOf({ counts, histograms }),
    });
  }
  return ofCohorts;
}

const readSegments: Read<'segments'> = function* ({ model, version, fromMs, toMs }) {
  const found = yield* rows<Omit<SegmentRow, 'counts'> & { counts: string }>(
    `
    SELECT s.version, s.backend, s.device, c.start AS "hourMs", c.counts
    FROM segment c JOIN series s ON s.id = c.series
    WHERE ${OF_MODEL} AND ${IN_RANGE} AND s.version = @version`,
    { model, version, fromMs, toMs },
  );
  return [...found].map(({ counts, ...segment }) => ({
    ...segment,
    counts: JSON.parse(counts) as SegmentRow['counts'],
  }));
};

const readRollouts: Read<'rollouts'> = function* (model) {
  const found = yield* rows<Rollout>(
    `
    SELECT DISTINCT assigned AS version, experiment FROM unit
    WHERE model = (SELECT id FROM model WHERE name = @model) AND arm = 'canary'`,
    { model },
  );
  return [...found];
};

/** Finds the day of a version's first report, and then its hour. All hours would be many more rows. */
const readFirstReports: Read<'firstReports'> = function* (model) {
  const days = yield* rows<{ version: string; dayMs: number }>(
    `
    SELECT s.version, min(c.start) AS "dayMs"
    FROM ${cellTable(DAY_MS)} c JOIN series s ON s.id = c.series
    WHERE ${OF_MODEL} GROUP BY 1`,
    { model },
  );
  const first: FirstReport[] = [];
  for (const { version, dayMs } of [...days]) {
    const hour = yield* row<{ hourMs: number | null }>(
      `
      SELECT min(c.start) AS "hourMs" FROM ${cellTable(HOUR_MS)} c JOIN series s ON s.id = c.series
      WHERE ${OF_MODEL} AND ${IN_RANGE} AND s.version = @version`,
      { model, version, fromMs: dayMs, toMs: dayMs + DAY_MS },
    );
    first.push({ version, hourMs: hour?.hourMs ?? dayMs });
  }
  return first;
};

const readTotals: Read<'totals'> = function* () {
  const found = yield* rows<Omit<Totals, 'counts'> & { counts: string }>(`
    SELECT m.name AS model, s.version, s.variant, s.backend, s.device, s.arm, l.counts
    FROM lifetime l JOIN series s ON s.id = l.series JOIN model m ON m.id = s.model
    ORDER BY l.last DESC, l.series`);
  return [...found].map((total) => ({
    ...total,
    counts: JSON.parse(total.counts) as LifetimeCounts,
  }));
};

/** Reads the names that have rows. */
export function* readNames(): Work<KnownName[]> {
  return [...(yield* rows<KnownName>('SELECT kind, model, name, day FROM name'))];
}
