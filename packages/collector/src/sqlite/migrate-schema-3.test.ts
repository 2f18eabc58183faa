import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { DAY_MS } from '../days.js';
import { failAtEachStep } from '../testing/halfway-migrations.js';
import { fillOldFile } from '../testing/old-file.js';
import { NOW_MS } from '../testing/sample-report.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { SCHEMA_VERSION } from './schema.js';
import { openSqliteRollupStore } from './sqlite-rollup-store.js';

const folder = temporaryFolder();

test('a file of schema 3 keeps what it counted, takes releases, and keeps days by cohort', async () => {
  const file = join(folder, 'schema-3.sqlite');
  const old = new Database(file);
  fillOldFile(old, 3);
  old.close();
  const migrations: unknown[] = [];
  const store = openSqliteRollupStore(file, { onMigrated: (change) => migrations.push(change) });
  expect(migrations).toEqual([{ from: 3, to: SCHEMA_VERSION }]);
  expect(await store.totals()).toMatchObject([{ version: '1.2.0' }]);
  await store.addReleases(
    [{ model: 'digits', version: '1.2.0', state: 'stable', rollout: null }],
    5,
  );
  expect(await store.releases('digits')).toEqual([
    { atMs: 5, version: '1.2.0', state: 'stable', rollout: null },
  ]);
  const range = { model: 'digits', fromMs: 0, toMs: NOW_MS };
  const days = await store.cohortDays(range);
  await store.prune(NOW_MS + 50 * DAY_MS);
  expect(await store.cohorts(range)).toEqual([]);
  expect(await store.cohortDays(range)).toMatchObject([{ cohort: 7, counts: days[0]?.counts }]);
  await store.close();
});

test('a migration that ends halfway has not begun, and is done at the next start', () => {
  const steps = failAtEachStep(
    (database) => fillOldFile(database, 3),
    (failed) => {
      expect(failed.pragma('user_version', { simple: true })).toBe(3);
    },
  );
  expect(steps).toBeGreaterThanOrEqual(1);
});
