import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { failAtEachStep } from '../testing/halfway-migrations.js';
import { fillOldFile } from '../testing/old-file.js';
import { sampleRunTrace } from '../testing/sample-traces.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { SCHEMA_VERSION } from './schema.js';
import { openSqliteRollupStore } from './sqlite-rollup-store.js';

const folder = temporaryFolder();

test('a file of schema 2 keeps what it counted, and takes traces', async () => {
  const file = join(folder, 'schema-2.sqlite');
  const old = new Database(file);
  fillOldFile(old, 2);
  old.close();
  const migrations: unknown[] = [];
  const store = openSqliteRollupStore(file, { onMigrated: (change) => migrations.push(change) });
  expect(migrations).toEqual([{ from: 2, to: SCHEMA_VERSION }]);
  expect(await store.totals()).toMatchObject([{ version: '1.2.0' }]);
  await store.addTraces([sampleRunTrace()], 5);
  expect(await store.traces({ model: 'digits', limit: 10 })).toMatchObject([{ arrivedMs: 5 }]);
  await store.close();
});

test('a migration that ends halfway has not begun, and is done at the next start', () => {
  const steps = failAtEachStep(
    (database) => fillOldFile(database, 2),
    (failed) => {
      expect(failed.pragma('user_version', { simple: true })).toBe(2);
    },
  );
  expect(steps).toBeGreaterThanOrEqual(1);
});
