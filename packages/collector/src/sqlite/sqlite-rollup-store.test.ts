import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { contributionOf } from '../contribution.js';
import { type Fault, faultyDatabase } from '../testing/faulty-database.js';
import { NOW_MS, sampleReport } from '../testing/sample-report.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { SCHEMA_VERSION } from './schema.js';
import { createSqliteRollupStore, openSqliteRollupStore } from './sqlite-rollup-store.js';

const folder = temporaryFolder();
const contribution = contributionOf(sampleReport(), NOW_MS);

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

async function contentsAfterOneReport() {
  const database = new Database(':memory:');
  await createSqliteRollupStore(database).add(contribution);
  return contents(database);
}

/** Adds the report with a fault at one step, then sends it again. */
async function addWithFault(fault: Fault) {
  const real = new Database(':memory:');
  const { database, arm, disarm } = faultyDatabase(real);
  const store = createSqliteRollupStore(database);
  const empty = contents(real);
  arm(fault);
  const first = await store.add(contribution).catch((error: unknown) => error);
  const struck = disarm();
  const between = contents(real);
  const second = await store.add(contribution);
  return { struck, first, empty, between, second, end: contents(real) };
}

test('a report fills every table', async () => {
  const filled = await contentsAfterOneReport();
  const empty = Object.keys(filled).filter((table) => filled[table]?.length === 0);
  expect(empty).toEqual([]);
});

test('a fault before any step leaves nothing counted, and the resend is counted once', async () => {
  const once = await contentsAfterOneReport();
  let step = 1;
  for (; ; step += 1) {
    const { struck, first, empty, between, second, end } = await addWithFault({
      step,
      when: 'before',
    });
    if (!struck) break;
    expect(first).toMatchObject({ code: 'store-unavailable' });
    expect(between).toEqual(empty);
    expect(second).toBe('counted');
    expect(end).toEqual(once);
  }
  expect(step).toBeGreaterThan(30);
});

test('a fault after any step counts once in the end, also when only the answer is lost', async () => {
  const once = await contentsAfterOneReport();
  const seconds: string[] = [];
  for (let step = 1; ; step += 1) {
    const { struck, first, second, end } = await addWithFault({ step, when: 'after' });
    if (!struck) break;
    expect(first).toMatchObject({ code: 'store-unavailable' });
    expect(end).toEqual(once);
    seconds.push(second);
  }
  // the last step is the commit: it was done, so the resend is a duplicate
  expect(seconds.pop()).toBe('duplicate');
  expect(new Set(seconds)).toEqual(new Set(['counted']));
});

test('a disk that is full leaves nothing counted, and the resend is counted once', async () => {
  const database = new Database(':memory:');
  const store = createSqliteRollupStore(database);
  const empty = contents(database);
  const pages = database.pragma('page_count', { simple: true });
  database.pragma(`max_page_count = ${pages}`);
  const wide = contributionOf(
    sampleReport({ durationsMs: Array.from({ length: 300 }, (_, i) => 1.08 ** i / 1e3) }),
    NOW_MS,
  );
  await expect(store.add(wide)).rejects.toMatchObject({
    code: 'store-unavailable',
    cause: { code: 'SQLITE_FULL' },
  });
  expect(contents(database)).toEqual(empty);
  database.pragma('max_page_count = 10000');
  expect(await store.add(wide)).toBe('counted');
  expect(await store.add(wide)).toBe('duplicate');
});

test('a file keeps its counts and its ids when it is closed and opened again', async () => {
  const file = join(folder, 'again.sqlite');
  const first = openSqliteRollupStore(file);
  await first.add(contribution);
  const totals = await first.totals();
  await first.close();

  const second = openSqliteRollupStore(file);
  expect(await second.totals()).toEqual(totals);
  expect(await second.add(contribution)).toBe('duplicate');
  expect(await second.totals()).toEqual(totals);
  await second.close();
});

test('two connections to one file count a report once between them', async () => {
  const file = join(folder, 'shared.sqlite');
  const stores = [openSqliteRollupStore(file), openSqliteRollupStore(file)];
  const outcomes = await Promise.all(stores.map((store) => store.add(contribution)));
  expect(outcomes.sort()).toEqual(['counted', 'duplicate']);
  await Promise.all(stores.map((store) => store.close()));
});

test('a database of something else is refused and left alone', () => {
  const file = join(folder, 'other.sqlite');
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
  const file = join(folder, 'newer.sqlite');
  const database = new Database(file);
  void createSqliteRollupStore(database);
  database.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
  database.close();
  expect(() => openSqliteRollupStore(file)).toThrow(/newer/);
});
