import { join } from 'node:path';
import { quantile, total } from '@nearside/core';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { histogramOf } from '../counts.js';
import { failAtEachStep } from '../testing/halfway-migrations.js';
import { NOW_MS, sampleContribution } from '../testing/sample-report.js';
import { SCHEMA_1 } from '../testing/schema-1.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { openSqliteRollupStore } from './sqlite-rollup-store.js';

const folder = temporaryFolder();
const HOUR_MS = 3_600_000;
const START_MS = NOW_MS - (NOW_MS % HOUR_MS) - HOUR_MS;
const DAY = Math.floor(START_MS / 86_400_000);
const ID = '0f'.repeat(16);

/** Two reports of an hour, as schema 1 kept them. */
function fillSchema1(database: Database.Database): void {
  database.exec(SCHEMA_1);
  database.pragma('application_id = 0x6e656172');
  database.pragma('user_version = 1');
  database.exec(`
    INSERT INTO seen VALUES (${DAY}, '${ID}'), (${DAY}, '${'1e'.repeat(16)}');
    INSERT INTO series VALUES (1, 'digits', '1.2.0', 'int8', 'onnx-wasm', 'phone', 'stable');
    INSERT INTO device_day VALUES (1, ${DAY}, 2);
    INSERT INTO lifetime VALUES (1, 6, 2, 1, 2, 0, 90);
    INSERT INTO lifetime_error VALUES (1, 'deadline', 3);
    INSERT INTO lifetime_bin VALUES (1, 7, 4), (1, 42, 2);`);
  for (const [id, length, start, ok] of [
    [1, 300_000, START_MS, 2],
    [2, 300_000, START_MS + 600_000, 4],
    [3, HOUR_MS, START_MS, 6],
  ] as const) {
    database.exec(`
      INSERT INTO cell VALUES (${id}, 1, ${length}, ${start}, 0, 1, ${ok}, ${ok * 4}, 1, 0, 1, 0, 0, 0, 99);
      INSERT INTO cell_error VALUES (${id}, 'deadline', 1, 4);
      INSERT INTO cell_histogram VALUES (${id}, 'total', 0, 45), (${id}, 'load', 0, 480);
      INSERT INTO cell_bin VALUES (${id}, 'total', 7, ${ok}), (${id}, 'load', 30, 1);
      INSERT INTO cell_class VALUES (${id}, '7', 2);`);
  }
}

test('calls, errors, latency, devices and ids of schema 1 go on', async () => {
  const file = join(folder, 'schema-1.sqlite');
  const old = new Database(file);
  fillSchema1(old);
  old.close();
  const store = openSqliteRollupStore(file);
  const range = { fromMs: START_MS, toMs: START_MS + HOUR_MS };
  for (const stepMs of [300_000, HOUR_MS]) {
    const cells = await store.cells({ model: 'digits', ...range, stepMs });
    expect(cells.reduce((sum, { ok }) => sum + ok, 0)).toBe(6);
  }
  const [sums] = await store.sums({ model: 'digits', ...range, histograms: ['opens.network'] });
  expect(sums?.counts).toMatchObject({ errors: { deadline: 1 } });
  expect(sums?.histograms.size).toBe(0);
  expect(await store.deviceDays({ model: 'digits', fromDay: DAY, toDay: DAY })).toMatchObject([
    { devices: 2 },
  ]);
  const [row] = await store.totals();
  expect(row).toMatchObject({ version: '1.2.0', counts: { firsts: { 'version-day': 2 } } });
  const duration = histogramOf(
    'latency.total',
    row?.counts.punctual?.histograms?.['latency.total'],
  );
  expect(total(duration)).toBe(6);
  expect(quantile(duration, 0.5)).toBeCloseTo(1.91, 1);
  const resend = { ...sampleContribution({ t0: START_MS }), id: ID };
  expect(await store.add([resend])).toEqual(['duplicate']);
  expect(await store.add([sampleContribution({ t0: START_MS })])).toEqual(['counted']);
  await store.close();
  const migrated = new Database(file, { readonly: true });
  expect(migrated.pragma('auto_vacuum', { simple: true })).toBe(2);
  migrated.close();
});

test('a migration that ends halfway has not begun, and is done at the next start', () => {
  const cells = 'SELECT count(*) FROM cell';
  const steps = failAtEachStep(fillSchema1, (failed, before) => {
    expect(failed.pragma('user_version', { simple: true })).toBe(1);
    expect(failed.prepare(cells).pluck().get()).toBe(before.prepare(cells).pluck().get());
  });
  expect(steps).toBeGreaterThanOrEqual(10);
});
