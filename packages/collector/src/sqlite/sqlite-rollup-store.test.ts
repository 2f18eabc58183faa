import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { DAY_MS } from '../counting/time.js';
import { faultyDatabase } from '../testing/faulty-database.js';
import { NOW_MS, sampleContribution } from '../testing/sample-report.js';
import { describeCrashes } from '../testing/store-crashes.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { SCHEMA_VERSION } from './schema.js';
import { createSqliteRollupStore, openSqliteRollupStore } from './sqlite-rollup-store.js';

const folder = temporaryFolder();
let files = 0;
const contribution = sampleContribution();

function freshFile(): string {
  files += 1;
  return join(folder, `${files}.sqlite`);
}

/** Every row of every table. */
function contents(database: Database.Database): Record<string, unknown[]> {
  const tables = database
    .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`)
    .pluck()
    .all() as string[];
  return Object.fromEntries(
    tables.map((table) => [
      table,
      database.prepare(`SELECT * FROM "${table}" ORDER BY 1, 2`).all(),
    ]),
  );
}

describeCrashes('SQLite', async () => {
  const real = new Database(':memory:');
  const { database, arm, disarm } = faultyDatabase(real);
  return {
    store: createSqliteRollupStore(database),
    arm,
    disarm,
    // what a process that ends leaves on disk
    reopen: async () => {
      const left = new Database(real.serialize());
      left.exec('DELETE FROM owner');
      return createSqliteRollupStore(left);
    },
  };
});

test('a report is in every table but those of days gone by, releases and traces, and the log, which is empty once it is settled', async () => {
  const database = new Database(':memory:');
  const store = createSqliteRollupStore(database);
  await store.add([contribution]);
  const empty = () => {
    const filled = contents(database);
    return Object.keys(filled).filter((table) => filled[table]?.length === 0);
  };
  expect(empty()).not.toContain('log');
  await store.settle();
  expect(empty()).toEqual(['cohort_day', 'log', 'release', 'trace']);
});

test('a disk that is full leaves nothing counted, and the resend is counted once', async () => {
  const database = new Database(':memory:');
  const store = createSqliteRollupStore(database);
  const empty = contents(database);
  const pages = database.pragma('page_count', { simple: true });
  database.pragma(`max_page_count = ${pages}`);
  const batch = Array.from({ length: 30 }, () => sampleContribution());
  await expect(store.add(batch)).rejects.toMatchObject({
    code: 'store-unavailable',
    cause: { code: 'SQLITE_FULL' },
  });
  expect(contents(database)).toEqual(empty);
  database.pragma('max_page_count = 10000');
  expect(new Set(await store.add(batch))).toEqual(new Set(['counted']));
  expect(new Set(await store.add(batch))).toEqual(new Set(['duplicate']));
});

test('a file keeps its counts and its ids when it is closed and opened again', async () => {
  const file = freshFile();
  const first = openSqliteRollupStore(file);
  await first.add([contribution]);
  const totals = await first.totals();
  await first.close();

  const second = openSqliteRollupStore(file);
  expect(await second.totals()).toEqual(totals);
  expect(await second.add([contribution])).toEqual(['duplicate']);
  expect(await second.totals()).toEqual(totals);
  await second.close();
});

test('what was acknowledged by a process that ended is counted by the next one', async () => {
  const file = freshFile();
  const left = freshFile();
  const first = openSqliteRollupStore(file);
  await first.add([contribution]);
  for (const end of ['', '-wal']) copyFileSync(`${file}${end}`, `${left}${end}`);
  await first.close();
  const database = new Database(left);
  expect(database.prepare('SELECT count(*) FROM log').pluck().get()).toBe(1);
  database.exec('DELETE FROM owner');
  const second = createSqliteRollupStore(database);
  expect((await second.totals())[0]?.counts.punctual?.reports).toBe(1);
  expect(await second.add([contribution])).toEqual(['duplicate']);
  await second.close();
});

test('a second collector on the file is refused and told of the first', async () => {
  const file = freshFile();
  const first = openSqliteRollupStore(file);
  expect(() => openSqliteRollupStore(file)).toThrow(
    new RegExp(`process ${process.pid} on ${hostname()} writes to it already`),
  );
  await first.close();
  await openSqliteRollupStore(file).close();
});

test('the file of a process that is no more is taken over', async () => {
  const file = freshFile();
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  await openSqliteRollupStore(file).close();
  const database = new Database(file);
  database
    .prepare('INSERT INTO owner VALUES (1, ?, ?, ?, ?)')
    .run('gone', child.pid, hostname(), Date.now());
  database.close();
  const store = openSqliteRollupStore(file);
  expect(await store.add([contribution])).toEqual(['counted']);
  await store.close();
});

test('an owner on another host has the file until it has been silent for half a minute', async () => {
  const file = freshFile();
  await openSqliteRollupStore(file).close();
  const database = new Database(file);
  const own = (renewed: number) =>
    database.prepare('REPLACE INTO owner VALUES (1, ?, ?, ?, ?)').run('x', 1, 'elsewhere', renewed);
  own(Date.now());
  expect(() => openSqliteRollupStore(file)).toThrow(/process 1 on elsewhere/);
  own(Date.now() - 60_000);
  await openSqliteRollupStore(file).close();
  database.close();
});

test('a collector whose file was taken over counts nothing more', async () => {
  const file = freshFile();
  const store = openSqliteRollupStore(file);
  const other = new Database(file);
  other.exec(`UPDATE owner SET token = 'other'`);
  await expect(store.add([contribution])).rejects.toThrow(/another collector has taken the file/);
  other.close();
  await store.close();
});

test('pages of what is pruned are given back, and others have their turn between slices', async () => {
  const file = freshFile();
  const store = openSqliteRollupStore(file);
  const batch = Array.from({ length: 3000 }, (_, i) =>
    sampleContribution({ t0: NOW_MS - i * 300_000, sent: NOW_MS, durationsMs: [1, 30, i] }),
  );
  await store.add(batch);
  await store.settle();
  const pages = () => {
    const database = new Database(file, { readonly: true });
    const count = database.pragma('page_count', { simple: true });
    database.close();
    return count as number;
  };
  const before = pages();
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 0);
  await store.prune(NOW_MS + 500 * DAY_MS);
  clearInterval(timer);
  expect(turns).toBeGreaterThan(3);
  expect(pages()).toBeLessThan(before / 10);
  await store.close();
});

test('a database of something else is refused and left alone', () => {
  const file = freshFile();
  const other = new Database(file);
  other.exec('CREATE TABLE orders (id INTEGER)');
  other.close();
  const before = readFileSync(file);
  expect(() => openSqliteRollupStore(file)).toThrow(/database of something else/);
  expect(readFileSync(file)).toEqual(before);
});

test('a file that is no database is refused and left alone', () => {
  const file = join(folder, 'notes.txt');
  writeFileSync(file, 'remember the milk, '.repeat(100));
  expect(() => openSqliteRollupStore(file)).toThrow(
    expect.objectContaining({ code: 'store-unavailable', details: { file } }),
  );
  expect(readFileSync(file, 'utf8')).toContain('remember the milk');
});

test('a file of a newer schema is refused', () => {
  const file = freshFile();
  const database = new Database(file);
  void createSqliteRollupStore(database);
  database.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
  database.close();
  expect(() => openSqliteRollupStore(file)).toThrow(/newer/);
});
