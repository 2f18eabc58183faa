import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sum } from '@nearside/core';
import { type LockHolder, thisHolder } from '@nearside/core/lock-holder';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { DAY_MS, HOUR_MS } from '../counting/time.js';
import { bundle } from '../testing/bundle.js';
import { faultyDatabase } from '../testing/faulty-database.js';
import { NOW_MS, sampleContribution } from '../testing/sample-report.js';
import { sampleRunTrace } from '../testing/sample-traces.js';
import { describeCrashes } from '../testing/store-crashes.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
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

test('a report is in every table but those of days gone by, facts, findings, releases, traces and unreadable rows, and the log, which is empty once it is settled', async () => {
  const database = new Database(':memory:');
  const store = createSqliteRollupStore(database);
  await store.add([contribution]);
  const empty = () => {
    const filled = contents(database);
    return Object.keys(filled).filter((table) => filled[table]?.length === 0);
  };
  expect(empty()).not.toContain('log');
  await store.settle();
  expect(empty()).toEqual([
    'cohort_day',
    'facts',
    'finding',
    'log',
    'log_unreadable',
    'release',
    'trace',
  ]);
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

test('reports that the log could take and the tables could not are refused, and those before are counted later', async () => {
  const database = new Database(':memory:');
  const store = createSqliteRollupStore(database);
  const pages = database.pragma('page_count', { simple: true }) as number;
  const batch = Array.from({ length: 16 }, (_, i) =>
    sampleContribution({ t0: NOW_MS - i * HOUR_MS }),
  );
  database.pragma(`max_page_count = ${pages + 8}`);
  expect(new Set(await store.add(batch))).toEqual(new Set(['counted']));
  await expect(store.settle()).rejects.toMatchObject({ cause: { code: 'SQLITE_FULL' } });
  const next = sampleContribution();
  for (let i = 0; i < 3; i += 1) {
    await expect(store.add([next])).rejects.toMatchObject({
      code: 'store-unavailable',
      retryable: true,
    });
  }
  expect(database.prepare('SELECT count(*) FROM seen').pluck().get()).toBe(batch.length);
  database.pragma('max_page_count = 10000');
  expect(await store.add([next, ...batch.slice(0, 1)])).toEqual(['counted', 'duplicate']);
  const day = {
    model: 'digits',
    fromMs: 0,
    toMs: NOW_MS - (NOW_MS % DAY_MS) + DAY_MS,
    stepMs: DAY_MS,
  };
  expect(sum((await store.cells(day)).map(({ reports }) => reports))).toBe(batch.length + 1);
});

test('with less than 64 MiB of disk nothing is acknowledged, and what was is still read', async () => {
  let free = 64 * 1024 * 1024;
  const store = openSqliteRollupStore(freshFile(), { freeBytes: () => free });
  await store.add([contribution]);
  free -= 1;
  const refused = { code: 'store-unavailable', retryable: true };
  await expect(store.add([sampleContribution()])).rejects.toMatchObject(refused);
  await expect(store.addTraces([sampleRunTrace()], NOW_MS)).rejects.toMatchObject(refused);
  expect((await store.totals())[0]?.counts.punctual?.reports).toBe(1);
  free += 1;
  expect(await store.add([sampleContribution()])).toEqual(['counted']);
  await store.close();
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

test.skipIf(process.platform === 'win32')(
  'a new file and its journals can be read by their owner alone',
  async () => {
    const file = freshFile();
    const store = openSqliteRollupStore(file);
    await store.add([contribution]);
    for (const end of ['', '-wal', '-shm']) {
      expect(statSync(file + end).mode & 0o777, end).toBe(0o600);
    }
    await store.close();
  },
);

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

/** Makes a file whose owner the test makes up. */
async function fileOwnedBy(holder: Partial<LockHolder>, renewedMs = Date.now()): Promise<string> {
  const file = freshFile();
  await openSqliteRollupStore(file).close();
  const database = new Database(file);
  database
    .prepare('INSERT INTO owner VALUES (1, ?, ?, ?)')
    .run('other', JSON.stringify({ ...thisHolder(), ...holder }), renewedMs);
  database.close();
  return file;
}

test('the file of a process that is no more is taken over', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  const store = openSqliteRollupStore(await fileOwnedBy({ pid: child.pid ?? 0 }));
  expect(await store.add([contribution])).toEqual(['counted']);
  await store.close();
});

test.runIf(process.platform === 'linux')(
  'a process that has the number of one that is no more does not keep its file',
  async () => {
    const file = await fileOwnedBy({ pid: process.ppid, startedMs: 1 });
    await openSqliteRollupStore(file).close();
  },
);

test('a copy of a file can be opened half a minute after it was made, while a collector has the file', async () => {
  const [file, copy] = [freshFile(), freshFile()];
  const store = openSqliteRollupStore(file);
  for (const suffix of ['', '-wal']) copyFileSync(file + suffix, copy + suffix);
  expect(() => openSqliteRollupStore(copy)).toThrow('writes to it already');
  for (const path of [file, copy]) {
    const database = new Database(path);
    database.prepare('UPDATE owner SET renewed = ?').run(Date.now() - 60_000);
    database.close();
  }
  await openSqliteRollupStore(copy).close();
  expect(() => openSqliteRollupStore(file)).toThrow('writes to it already');
  await store.close();
});

test.each<[string, Partial<LockHolder>]>([
  ['on another host', { pid: 1, host: 'elsewhere' }],
  ['with our number in another PID namespace', { pidNamespace: 'pid:[1]' }],
  [
    'with a number that nobody has here, in another PID namespace',
    { pid: 2 ** 22, pidNamespace: 'pid:[1]' },
  ],
])('an owner %s has the file until it has been silent for half a minute', async (_, holder) => {
  const file = await fileOwnedBy(holder);
  expect(() => openSqliteRollupStore(file)).toThrow(
    `process ${holder.pid ?? process.pid} on ${holder.host ?? hostname()} writes to it already`,
  );
  await openSqliteRollupStore(await fileOwnedBy(holder, Date.now() - 60_000)).close();
});

test('a collector in another container is refused the file of one that runs', async ({ skip }) => {
  const [unshare, ...within] = ['unshare', '--pid', '--fork', '--mount-proc'] as const;
  const { status, stderr, error } = spawnSync(unshare, [...within, 'true']);
  skip(status !== 0, `unshare is refused here: ${error ?? stderr}`);
  const file = freshFile();
  const store = openSqliteRollupStore(file);
  const command = fileURLToPath(await bundle(new URL('../cli.ts', import.meta.url)));
  const args = [process.execPath, command, '--local', '--port', '0', '--file', file];
  const other = spawn(unshare, [...within, ...args]);
  onTestFinished(() => {
    other.kill();
  });
  const [line] = await once(other.stderr, 'data');
  expect(String(line)).toContain(`process ${process.pid} on ${hostname()} writes to it already`);
  expect(await store.add([contribution])).toEqual(['counted']);
  await store.close();
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

test('a file that is moved, deleted or replaced while it is open takes no more reports, and the error says what to do', async () => {
  const file = freshFile();
  const store = openSqliteRollupStore(file, { freeBytes: () => undefined });
  await store.add([contribution]);
  const another = freshFile();
  await openSqliteRollupStore(another).close();
  const refused = {
    code: 'store-unavailable',
    message: expect.stringMatching(/is another file than.*Restart the collector/),
  };
  renameSync(file, `${file}.moved`);
  await expect(store.add([sampleContribution()])).rejects.toMatchObject(refused);
  await expect(store.add([])).rejects.toMatchObject(refused);
  copyFileSync(another, file);
  await expect(store.add([sampleContribution()])).rejects.toMatchObject(refused);
  renameSync(`${file}.moved`, file);
  expect(await store.add([sampleContribution()])).toEqual(['counted']);
  await store.settle();
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

test.runIf(process.platform === 'linux')('a folder that cannot be made is an error at once', () => {
  const refused = { code: 'store-unavailable', message: expect.stringContaining('/proc/missing') };
  expect(() => openSqliteRollupStore('/proc/missing/reports.sqlite')).toThrow(
    expect.objectContaining(refused),
  );
});

test('a file that is no database is refused and left alone', () => {
  const file = join(folder, 'notes.txt');
  writeFileSync(file, 'remember the milk, '.repeat(100));
  expect(() => openSqliteRollupStore(file)).toThrow(
    expect.objectContaining({ code: 'store-unavailable', details: { file } }),
  );
  expect(readFileSync(file, 'utf8')).toContain('remember the milk');
});

/** Puts rows into the log of a file that no collector has. */
function writeLog(file: string, rows: readonly string[]): void {
  const database = new Database(file);
  const write = database.prepare('INSERT INTO log (contributions) VALUES (?)');
  for (const row of rows) write.run(row);
  database.close();
}

function countIn(file: string, table: 'log' | 'log_unreadable'): unknown {
  const database = new Database(file, { readonly: true });
  const count = database.prepare(`SELECT count(*) FROM ${table}`).pluck().get();
  database.close();
  return count;
}

test('a row of the log that cannot be read is set aside and told of once, the others are counted, and the collector starts', async () => {
  const file = freshFile();
  await openSqliteRollupStore(file).close();
  writeLog(file, ['[{"id"', JSON.stringify([contribution]), '[{"id":"1"}]']);
  const errors: string[] = [];
  const setAside: number[] = [];
  const store = openSqliteRollupStore(file, {
    onError: (error) => errors.push(String(error)),
    onSetAside: (rows) => setAside.push(rows),
  });
  expect((await store.totals())[0]?.counts.punctual?.reports).toBe(1);
  expect(await store.add([sampleContribution()])).toEqual(['counted']);
  expect((await store.totals())[0]?.counts.punctual?.reports).toBe(2);
  expect(setAside).toEqual([0, 1, 2]);
  expect(errors).toHaveLength(2);
  expect(errors.join()).toMatch(/row 1 of the log could not be counted.*log_unreadable/);
  await store.close();
  expect([countIn(file, 'log'), countIn(file, 'log_unreadable')]).toEqual([0, 2]);
});

test('what a collector set aside the next one that can read it counts', async () => {
  const file = freshFile();
  await openSqliteRollupStore(file).close();
  writeLog(file, [`!${JSON.stringify([contribution])}`]);
  await openSqliteRollupStore(file).close();
  expect(countIn(file, 'log_unreadable')).toBe(1);
  const database = new Database(file);
  database.exec('UPDATE log_unreadable SET contributions = substr(contributions, 2)');
  database.close();
  const store = openSqliteRollupStore(file);
  expect((await store.totals())[0]?.counts.punctual?.reports).toBe(1);
  await store.close();
  expect(countIn(file, 'log_unreadable')).toBe(0);
});

test('a row that was set aside keeps no later row of its number from being counted or set aside', async () => {
  const file = freshFile();
  await openSqliteRollupStore(file).close();
  for (const reports of [1, 2]) {
    // the log was emptied, so that its numbers begin anew
    writeLog(file, ['!', JSON.stringify([sampleContribution()])]);
    const store = openSqliteRollupStore(file);
    expect((await store.totals())[0]?.counts.punctual?.reports).toBe(reports);
    await store.close();
    expect([countIn(file, 'log'), countIn(file, 'log_unreadable')]).toEqual([0, reports]);
  }
});

test('rows that were set aside, and rows that have their numbers after them, keep no collector from starting', async () => {
  const file = freshFile();
  await openSqliteRollupStore(file).close();
  writeLog(file, ['!']);
  const first = openSqliteRollupStore(file);
  await first.add([contribution]);
  const left = freshFile();
  for (const end of ['', '-wal']) copyFileSync(`${file}${end}`, `${left}${end}`);
  await first.close();
  const database = new Database(left);
  database.exec('DELETE FROM owner');
  const numbers = ['log', 'log_unreadable'].map((table) =>
    database.prepare(`SELECT n FROM ${table}`).pluck().all(),
  );
  expect(numbers).toEqual([[1], [1]]);
  database.close();
  const second = openSqliteRollupStore(left);
  expect((await second.totals())[0]?.counts.punctual?.reports).toBe(1);
  const { series } = contribution;
  const damaged = { ...sampleContribution(), series: { ...series, version: null as never } };
  await second.add([damaged]);
  await second.settle();
  await second.close();
  expect([countIn(left, 'log'), countIn(left, 'log_unreadable')]).toEqual([0, 2]);
});

test('reports that were written down beside one that cannot be counted are set aside with it, and not lost', async () => {
  const database = new Database(':memory:');
  const errors: string[] = [];
  const store = createSqliteRollupStore(database, { onError: (error) => errors.push(`${error}`) });
  const broken = { ...sampleContribution(), counts: null as never };
  await expect(store.add([sampleContribution(), broken, sampleContribution()])).rejects.toThrow();
  expect(await store.add([sampleContribution()])).toEqual(['counted']);
  expect((await store.totals())[0]?.counts.punctual?.reports).toBe(1);
  const [row] = contents(database).log_unreadable as { contributions: string }[];
  expect(JSON.parse(row?.contributions ?? '[]')).toHaveLength(3);
  expect(errors.join()).toMatch(/row 1 of the log could not be counted/);
  await store.close();
});

test('when no row can be counted all but a few stay in the log, and the collector does not start and says so', async () => {
  const file = freshFile();
  await openSqliteRollupStore(file).close();
  writeLog(
    file,
    Array.from({ length: 30 }, () => '!'),
  );
  expect(() => openSqliteRollupStore(file)).toThrow(
    /row \d+ of the log could not be counted.*8 rows are in the table log_unreadable.*Update/,
  );
  expect([countIn(file, 'log'), countIn(file, 'log_unreadable')]).toEqual([22, 8]);
  const database = new Database(file);
  database.exec('DELETE FROM log; DELETE FROM log_unreadable');
  database.close();
  await openSqliteRollupStore(file).close();
});
