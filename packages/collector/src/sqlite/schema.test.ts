import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sum } from '@nearside/core';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import type { RollupStore } from '../store/rollup-store.js';
import { contributionsTo, placeSchemaFile, SCHEMA_NAMES } from '../testing/schema-files.js';
import { testSchemaKills } from '../testing/schema-kills.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { type Migrated, SCHEMA_VERSION } from './schema.js';
import { openSqliteRollupStore } from './sqlite-rollup-store.js';

const folder = temporaryFolder();
let files = 0;

function fileOf(schema: string): string {
  files += 1;
  const file = join(folder, `${files}.sqlite`);
  placeSchemaFile(schema, file);
  return file;
}

async function totalsOf(store: RollupStore) {
  const totals = (await store.totals()).map(({ counts }) => counts.punctual ?? {});
  const of = (key: 'reports' | 'ok' | 'failed') => sum(totals.map((counts) => counts[key] ?? 0));
  const late = sum((await store.totals()).map(({ counts }) => counts.late?.reports ?? 0));
  return { reports: of('reports') + late, ok: of('ok'), failed: of('failed'), late };
}

/** Columns of every table, and every index. */
function structureOf(file: string) {
  const database = new Database(file, { readonly: true });
  const tables = database
    .prepare(`SELECT name FROM sqlite_schema WHERE type IN ('table', 'index') ORDER BY name`)
    .pluck()
    .all() as string[];
  const structure = tables.map((name) => [
    name,
    database.prepare(`SELECT name, type, "notnull", pk FROM pragma_table_info(?)`).all(name),
    database.prepare(`SELECT name FROM pragma_index_info(?)`).pluck().all(name),
  ]);
  database.close();
  return structure;
}

test.each(SCHEMA_NAMES)(
  'a file of schema %s is brought up to date, and of the reports that are resent none is counted again',
  async (schema) => {
    const file = fileOf(schema);
    let migrated: Migrated | undefined;
    const store = openSqliteRollupStore(file, {
      onMigrated: (one) => {
        migrated = one;
      },
    });
    const sent = contributionsTo(schema);
    const totals = await totalsOf(store);
    // three good calls and a failed one in each
    expect(totals).toMatchObject({ reports: sent.length });
    expect(totals.ok).toBe(3 * (totals.reports - totals.late));
    expect(totals.failed).toBe(totals.reports - totals.late);
    expect(new Set(await store.add(sent))).toEqual(new Set(['duplicate']));
    expect(await totalsOf(store)).toEqual(totals);
    expect((await store.models()).map(({ model }) => model)).toEqual(['digits', 'risk']);
    const kinds = new Set((await store.names()).map(({ kind }) => kind));
    for (const kind of ['model', 'version', 'variant', 'series']) expect(kinds).toContain(kind);
    await store.close();
    expect(migrated).toMatchObject({ to: SCHEMA_VERSION });
    expect(migrated?.copy).toBe(`${file}.before-schema-${SCHEMA_VERSION}`);
  },
);

test.each(SCHEMA_NAMES)('a file of schema %s gets the tables of a new file', async (schema) => {
  const file = fileOf(schema);
  await openSqliteRollupStore(file).close();
  const fresh = join(folder, `fresh-${schema}.sqlite`);
  await openSqliteRollupStore(fresh).close();
  expect(structureOf(file)).toEqual(structureOf(fresh));
});

test('the copy is the file as it was, which its own collector would open, and its owner alone can read it', async () => {
  const file = fileOf('3');
  const before = new Database(file, { readonly: true });
  const [rows] = before.prepare('SELECT count(*), sum(reports) FROM cell_300').raw().all();
  before.close();
  await openSqliteRollupStore(file).close();
  const copy = `${file}.before-schema-${SCHEMA_VERSION}`;
  const copied = new Database(copy, { readonly: true });
  expect(copied.pragma('user_version', { simple: true })).toBe(3);
  expect(copied.prepare('SELECT count(*), sum(reports) FROM cell_300').raw().get()).toEqual(rows);
  expect(copied.prepare('SELECT count(*) FROM log').pluck().get()).toBe(2);
  copied.close();
  if (process.platform !== 'win32') expect(statSync(copy).mode & 0o777).toBe(0o600);
  expect(existsSync(`${copy}.partial`)).toBe(false);
});

test('a copy that was cut off is made anew, in the room that it takes', async () => {
  const file = fileOf('4');
  const copy = `${file}.before-schema-${SCHEMA_VERSION}`;
  writeFileSync(`${copy}.partial`, 'half of it');
  // what was copied takes the room that is needed
  const freeBytes = () => (existsSync(`${copy}.partial`) ? 0 : Number.MAX_SAFE_INTEGER);
  await openSqliteRollupStore(file, { freeBytes }).close();
  expect(readFileSync(copy).subarray(0, 15).toString()).toBe('SQLite format 3');
});

test('of two collectors that start at once on an older file one brings it up to date, and the copy is the file as it was', async () => {
  const file = fileOf('4');
  const others: (RollupStore | Error)[] = [];
  function startAnother(): number {
    if (others.length > 0) return Number.MAX_SAFE_INTEGER;
    try {
      others.push(openSqliteRollupStore(file));
    } catch (error) {
      others.push(error as Error);
    }
    return Number.MAX_SAFE_INTEGER;
  }
  // the first is asked for the room just before it makes the copy
  const store = openSqliteRollupStore(file, { freeBytes: startAnother });
  expect(String(others)).toMatch(/database is locked/);
  const copy = new Database(`${file}.before-schema-${SCHEMA_VERSION}`, { readonly: true });
  expect(copy.pragma('user_version', { simple: true })).toBe(4);
  copy.close();
  expect((await totalsOf(store)).reports).toBe(contributionsTo('4').length);
  await store.close();
});

test('an older file is left alone where there is no room for its copy, and the error says how much is needed', () => {
  const file = fileOf('4');
  const before = readFileSync(file);
  expect(() => openSqliteRollupStore(file, { freeBytes: () => 67_000_000 })).toThrow(
    /\d+ free bytes are needed to copy the file/,
  );
  expect(readFileSync(file)).toEqual(before);
});

test.each(['early-2', '1', '4'])(
  'a file of schema %s is not touched while its own collector runs',
  (schema) => {
    const file = fileOf(schema);
    const database = new Database(file);
    database.prepare('UPDATE owner SET renewed = ?').run(Date.now());
    const columns = database.prepare('SELECT * FROM owner').get() as object;
    if ('holder' in columns) {
      const holder = JSON.stringify({ ...JSON.parse(String(columns.holder)), host: 'elsewhere' });
      database.prepare('UPDATE owner SET holder = ?').run(holder);
    } else {
      database.prepare(`UPDATE owner SET host = 'elsewhere'`).run();
    }
    database.pragma('journal_mode = DELETE');
    database.close();
    const before = readFileSync(file);
    expect(() => openSqliteRollupStore(file)).toThrow(/on elsewhere writes to it already/);
    expect(readFileSync(file)).toEqual(before);
    expect(existsSync(`${file}.before-schema-${SCHEMA_VERSION}`)).toBe(false);
  },
);

// `npm run test:long` kills before every statement, for every schema
testSchemaKills('3', { step: 11 });

test('a file of a newer schema is refused with what to do, and left alone', async () => {
  const file = join(folder, 'newer.sqlite');
  await openSqliteRollupStore(file).close();
  const database = new Database(file);
  database.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
  database.pragma('journal_mode = DELETE');
  database.close();
  const before = readFileSync(file);
  expect(() => openSqliteRollupStore(file)).toThrow(
    expect.objectContaining({
      code: 'store-unavailable',
      message: expect.stringMatching(/has schema \d+.*Update this collector.*left as it is/),
    }),
  );
  expect(readFileSync(file)).toEqual(before);
});
