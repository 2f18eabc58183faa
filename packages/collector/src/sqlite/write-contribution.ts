import type Database from 'better-sqlite3';
import { BUCKET_MS, type Contribution, HOUR_MS, type Series } from '../contribution.js';

/**
 * Prepares the statements and returns the transaction: the id and all of its counts, or nothing.
 * Every table is added to with `n = n + excluded.n`, so that processes sharing a file never
 * overwrite each other.
 */
export function prepareWrite(
  database: Database.Database,
): (contribution: Contribution) => 'counted' | 'duplicate' {
  const remember = database.prepare(
    'INSERT INTO seen (day, id) VALUES (?, ?) ON CONFLICT DO NOTHING',
  );
  const seriesId = prepareSeriesId(database);
  const addToCell = prepareCell(database);
  const addToLifetime = prepareLifetime(database);
  const addDeviceDay = database.prepare(`
    INSERT INTO device_day (series, day, n) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET n = n + excluded.n`);

  const write = database.transaction((contribution: Contribution) => {
    const { day, id, deviceDays } = contribution;
    if (remember.run(day, id).changes === 0) return 'duplicate';
    const series = seriesId(contribution.series);
    addToCell(series, BUCKET_MS, contribution);
    addToCell(series, HOUR_MS, contribution);
    if (deviceDays > 0) addDeviceDay.run(series, day, deviceDays);
    addToLifetime(series, contribution);
    return 'counted';
  });
  // Immediate: a transaction that reads first and then writes could not wait for another writer.
  return (contribution) => write.immediate(contribution);
}

function prepareSeriesId(database: Database.Database): (series: Series) => number {
  const find = database
    .prepare(`
      SELECT id FROM series
      WHERE model = ? AND version = ? AND variant = ? AND backend = ? AND device = ? AND arm = ?`)
    .pluck();
  const insert = database
    .prepare(`
      INSERT INTO series (model, version, variant, backend, device, arm) VALUES (?, ?, ?, ?, ?, ?)
      RETURNING id`)
    .pluck();
  return ({ model, version, variant, backend, device, arm }) => {
    const key = [model, version, variant, backend, device, arm];
    return (find.get(key) ?? insert.get(key)) as number;
  };
}

function prepareCell(
  database: Database.Database,
): (series: number, lengthMs: number, contribution: Contribution) => void {
  const cell = database
    .prepare(`
      INSERT INTO cell (
        series, length, start, late, reports, ok, ok_weighted, aborted, invalid,
        cold_starts, cache_hits, fallbacks, quarantines, bytes_fetched
      ) VALUES (
        @series, @lengthMs, @startMs, @late, 1, @ok, @okWeighted, @aborted, @invalid,
        @coldStarts, @cacheHits, @fallbacks, @quarantines, @bytesFetched
      )
      ON CONFLICT DO UPDATE SET
        reports = reports + excluded.reports,
        ok = ok + excluded.ok,
        ok_weighted = ok_weighted + excluded.ok_weighted,
        aborted = aborted + excluded.aborted,
        invalid = invalid + excluded.invalid,
        cold_starts = cold_starts + excluded.cold_starts,
        cache_hits = cache_hits + excluded.cache_hits,
        fallbacks = fallbacks + excluded.fallbacks,
        quarantines = quarantines + excluded.quarantines,
        bytes_fetched = bytes_fetched + excluded.bytes_fetched
      RETURNING id`)
    .pluck();
  const error = database.prepare(`
    INSERT INTO cell_error (cell, code, n, weighted) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET n = n + excluded.n, weighted = weighted + excluded.weighted`);
  const histogramRow = database.prepare(`
    INSERT INTO cell_histogram (cell, name, zeros, sum) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET zeros = zeros + excluded.zeros, sum = sum + excluded.sum`);
  const bin = database.prepare(`
    INSERT INTO cell_bin (cell, name, bin, n) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET n = n + excluded.n`);
  const predicted = database.prepare(`
    INSERT INTO cell_class (cell, label, n) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET n = n + excluded.n`);
  const score = database.prepare(`
    INSERT INTO cell_score (cell, edges, name, bin, n) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET n = n + excluded.n`);
  const feedback = database.prepare(`
    INSERT INTO cell_feedback (cell, bin, n, correct) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET n = n + excluded.n, correct = correct + excluded.correct`);

  return (series, lengthMs, contribution) => {
    const { weight, bucketMs } = contribution;
    const id = cell.get({
      series,
      lengthMs,
      startMs: bucketMs - (bucketMs % lengthMs),
      late: contribution.late ? 1 : 0,
      ok: contribution.ok,
      okWeighted: contribution.ok * weight,
      aborted: contribution.aborted,
      invalid: contribution.invalid,
      coldStarts: contribution.coldStarts,
      cacheHits: contribution.cacheHits,
      fallbacks: contribution.fallbacks,
      quarantines: contribution.quarantines,
      bytesFetched: contribution.bytesFetched,
    });
    for (const { code, n } of contribution.errors) error.run(id, code, n, n * weight);
    for (const { name, histogram } of contribution.histograms) {
      histogramRow.run(id, name, histogram.zeros, histogram.sum);
      for (const [index, n] of histogram.buckets) bin.run(id, name, index, n);
    }
    for (const { label, n } of contribution.classes) predicted.run(id, label, n);
    for (const { name, bin: index, n } of contribution.scores) {
      score.run(id, contribution.edges, name, index, n);
    }
    for (const { bin: index, n, correct } of contribution.feedback) {
      feedback.run(id, index, n, correct);
    }
  };
}

function prepareLifetime(
  database: Database.Database,
): (series: number, contribution: Contribution) => void {
  const lifetime = database.prepare(`
    INSERT INTO lifetime (series, ok, aborted, invalid, device_days, duration_zeros, duration_sum)
    VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET
      ok = ok + excluded.ok,
      aborted = aborted + excluded.aborted,
      invalid = invalid + excluded.invalid,
      device_days = device_days + excluded.device_days,
      duration_zeros = duration_zeros + excluded.duration_zeros,
      duration_sum = duration_sum + excluded.duration_sum`);
  const error = database.prepare(`
    INSERT INTO lifetime_error (series, code, n) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET n = n + excluded.n`);
  const bin = database.prepare(`
    INSERT INTO lifetime_bin (series, bin, n) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET n = n + excluded.n`);

  return (series, { ok, aborted, invalid, deviceDays, errors, histograms }) => {
    const duration = histograms.find(({ name }) => name === 'total')?.histogram;
    lifetime.run(
      series,
      ok,
      aborted,
      invalid,
      deviceDays,
      duration?.zeros ?? 0,
      duration?.sum ?? 0,
    );
    for (const { code, n } of errors) error.run(series, code, n);
    for (const [index, n] of duration?.buckets ?? []) bin.run(series, index, n);
  };
}
