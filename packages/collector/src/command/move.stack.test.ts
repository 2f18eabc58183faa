import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPostgres } from '../../../../scripts/services/postgres.mjs';
import type { Contribution } from '../counting/contribution.js';
import { RETENTION } from '../counting/retention.js';
import { DAY_MS, HOUR_MS, utcDay } from '../counting/time.js';
import { openPostgresRollupStore } from '../postgres/postgres-rollup-store.js';
import { openSqliteRollupStore } from '../sqlite/sqlite-rollup-store.js';
import { CELL_LENGTHS, type RollupReads, type RollupStore } from '../store/rollup-store.js';
import { factsOf } from '../testing/fleet-store.js';
import { BUILT_COMMAND } from '../testing/killable-collector.js';
import { sampleContribution } from '../testing/sample-report.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { runCommand } from './run-command.js';

/** Ids of older days are forgotten. */
const NOW_MS = Date.now();
const MODELS = ['digits', 'pages'];

const folder = temporaryFolder();
let postgres: Awaited<ReturnType<typeof startPostgres>>;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.close());

function move(from: string, to: string, onLine?: (stop: AbortController) => void) {
  return run(['move', '--from', from, '--to', to], onLine);
}

/** Runs the command. `onLine` is called with each line of output, and may end it. */
async function run(words: readonly string[], onLine?: (stop: AbortController) => void) {
  const lines: string[] = [];
  const errors: string[] = [];
  const stop = new AbortController();
  const exitCode = await runCommand(words, {
    print: (line) => lines.push(line),
    printError: (line) => {
      errors.push(line);
      onLine?.(stop);
    },
    signal: stop.signal,
    environment: {},
  });
  return { exitCode, lines, errors };
}

function newFile(): string {
  return join(folder, `${randomUUID()}.sqlite`);
}

const REPORTS = fc.array(
  fc.record({
    model: fc.constantFrom(...MODELS),
    version: fc.constantFrom('1.2.0', '1.3.0'),
    device: fc.constantFrom('phone', 'tablet'),
    app: fc.constantFrom('2026.3', 'two\nlines', '\\u0000'),
    hoursAgo: fc.integer({ min: 0, max: 23 * 24 }),
    g: fc.integer({ min: 0, max: 63 }),
    durationsMs: fc.array(fc.double({ min: 0.01, max: 1e4, noNaN: true }), { maxLength: 5 }),
  }),
  { minLength: 1, maxLength: 40 },
);

/** A file with all that a store can hold. */
async function fill(file: string, reports: readonly Contribution[]): Promise<void> {
  const store = openSqliteRollupStore(file);
  const oldMs = NOW_MS - (RETENTION.cohortDays + 5) * DAY_MS;
  await store.add([sampleContribution({ t0: oldMs }, { nowMs: oldMs })]);
  await store.prune(NOW_MS); // its hour becomes a day
  await store.add(reports);
  await store.addTraces(
    [
      {
        model: 'digits',
        traceId: 'ab'.repeat(16),
        spanId: 'cd'.repeat(8),
        isNotable: true,
        spans: [],
      },
    ],
    NOW_MS,
  );
  const release = { model: 'digits', version: '1.2.0', state: 'stable', rollout: null } as const;
  await store.keepFacts(factsOf([release]), NOW_MS);
  const entry = { atMs: NOW_MS, model: 'digits', version: '1.2.0', kind: 'success', subject: '' };
  const began = { ...entry, state: 'began', revision: 7, figures: { value: 0.25 } };
  await store.addLook([began, { ...began, kind: 'latency', revision: null }], NOW_MS);
  const [first] = await store.unsentFindings(1);
  await store.noteSent(first?.n ?? 0);
  await store.close();
}

async function everything(store: RollupStore) {
  const ofModels = MODELS.map((model) => everythingOf(store, model));
  return {
    models: await store.models(),
    names: (await store.names()).map((name) => JSON.stringify(name)).sort(),
    totals: (await store.totals()).map((totals) => JSON.stringify(totals)).sort(),
    found: await store.lastFindings(),
    unsent: await store.unsentFindings(9),
    traces: await store.traces({ model: 'digits', limit: 9 }),
    ofModels: await Promise.all(ofModels),
  };
}

async function everythingOf(store: RollupReads, model: string) {
  const today = utcDay(NOW_MS);
  const range = { model, fromMs: (today - 24) * DAY_MS, toMs: (today + 1) * DAY_MS };
  const hours = { ...range, fromMs: range.toMs - 7 * DAY_MS };
  const lengths = CELL_LENGTHS.map(({ ms }) => store.cells({ ...range, stepMs: ms }));
  const sorted = <Row>(rows: readonly Row[]) => rows.map((row) => JSON.stringify(row)).sort();
  return {
    cells: (await Promise.all(lengths)).map(sorted),
    sums: sorted(await store.sums({ ...range, histograms: ['latency.run', 'opens.store'] })),
    slots: await store.reportsBySlot({ ...range, stepMs: HOUR_MS }),
    devices: await store.devicesByHour(hours),
    days: sorted(await store.deviceDays({ model, fromDay: today - 24, toDay: today })),
    cohorts: sorted(await store.cohorts(hours)),
    cohortDays: sorted(await store.cohortDays({ ...range, fromMs: 0 })),
    segments: sorted(await store.segments({ ...hours, version: '1.2.0' })),
    rollouts: sorted(await store.rollouts(model)),
    releases: await store.releases(model),
    first: sorted(await store.firstReports(model)),
    findings: await store.findings(range),
  };
}

test('after a move every answer is the same, and no report is counted a second time', async () => {
  await fc.assert(
    fc.asyncProperty(REPORTS, async (drawn) => {
      const reports = drawn.map(({ hoursAgo, model, version, device, app, ...given }) =>
        sampleContribution(
          {
            ...given,
            t0: NOW_MS - hoursAgo * HOUR_MS - 300_000,
            sent: NOW_MS,
            dimensions: { model, version, device, app },
          },
          { nowMs: NOW_MS },
        ),
      );
      const [file, address] = [newFile(), await postgres.createDatabase()];
      await fill(file, reports);
      const source = openSqliteRollupStore(file);
      const expected = await everything(source);
      await source.close();

      expect(await move(file, address)).toMatchObject({ exitCode: 0 });
      const store = await openPostgresRollupStore(address);
      expect(await everything(store)).toEqual(expected);
      const again = await store.add(reports);
      expect(new Set(again)).toEqual(new Set(['duplicate']));
      // what is added gets numbers after those that were moved
      const canary = { model: 'digits', version: '1.3.0', state: 'canary' as const, rollout: null };
      await store.keepFacts(factsOf([canary]), NOW_MS + 1);
      expect((await store.releases('digits')).at(-1)).toMatchObject({ version: '1.3.0' });
      await store.add([
        sampleContribution(
          { t0: NOW_MS - 300_000, dimensions: { version: '9.0.0' } },
          { nowMs: NOW_MS },
        ),
      ]);
      await store.settle();
      await store.close();
    }),
    { numRuns: 6 },
  );
});

test('the command ends by itself with 0 and says what to start, and on a moved file no collector starts', async () => {
  const [file, address] = [newFile(), await postgres.createDatabase()];
  await fill(file, [sampleContribution({ t0: NOW_MS - 300_000 }, { nowMs: NOW_MS })]);
  const args = [fileURLToPath(BUILT_COMMAND), 'move', '--from', file, '--to', address];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 30_000 });
  expect(stdout).toMatch(/^Moved to postgres:\/\/.*Start collectors with --database now/);
  const { errors, exitCode } = await run(['--local', '--port', '0', '--file', file]);
  expect(exitCode).toBe(1);
  expect(errors.join()).toMatch(/file-moved: .*\.sqlite was moved to postgres:.*--database/);
  const [, password = ''] = /:([^:@]+)@/.exec(address) ?? [];
  expect(password).not.toBe('');
  expect(stdout + errors.join()).not.toContain(password);
  // a database that is thrown away takes no file with it
  expect(await move(file, await postgres.createDatabase())).toMatchObject({ exitCode: 0 });
});

test('a move whose last answer is lost does not say that nothing was moved', async () => {
  const [file, address] = [newFile(), await postgres.createDatabase()];
  await openSqliteRollupStore(file).close();
  // the commit fails, when all is sent
  const setUp = await openPostgresRollupStore(address);
  await setUp.close();
  await postgres.query(
    `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''not now''; END'`,
    address,
  );
  await postgres.query(
    `CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON store DEFERRABLE INITIALLY DEFERRED
     FOR EACH ROW WHEN (NEW.oldest_writer = 1) EXECUTE FUNCTION refuse()`,
    address,
  );
  const { exitCode, errors } = await move(file, address);
  expect(exitCode).toBe(1);
  expect(errors.at(-1)).toMatch(/All was sent, and the end is not known: not now/);
  await openSqliteRollupStore(file).close();
});

test('a move that was interrupted leaves a database from which no collector serves, and is repeated', async () => {
  const [file, address] = [newFile(), await postgres.createDatabase()];
  // PostgreSQL has no text with one
  const dimensions = { app: 'a zero \u0000' };
  const report = sampleContribution({ t0: NOW_MS - 300_000, dimensions }, { nowMs: NOW_MS });
  await fill(file, [report]);
  let lines = 0;
  const interrupted = await move(file, address, (stop) => {
    lines += 1;
    if (lines === 3) stop.abort();
  });
  expect(interrupted.exitCode).toBe(1);
  expect(interrupted.errors.at(-1)).toMatch(
    /^nearside-collector: store-unavailable: Nothing was moved/,
  );
  await expect(openPostgresRollupStore(address)).rejects.toMatchObject({
    code: 'store-unavailable',
    message: expect.stringContaining('repeat it'),
  });
  await openSqliteRollupStore(file).close();
  expect(await move(file, address)).toMatchObject({ exitCode: 0 });
  const store = await openPostgresRollupStore(address);
  expect(await store.add([report])).toEqual(['duplicate']);
  expect(await store.names()).toContainEqual(
    expect.objectContaining({ kind: 'app', name: 'a zero \ufffd' }),
  );
  await store.close();
});

test.each([
  [
    'a file to which a collector writes',
    async () => {
      const file = newFile();
      const store = openSqliteRollupStore(file);
      return { file, address: await postgres.createDatabase(), close: store.close };
    },
    /process \d+ .* writes to it already/,
  ],
  [
    'a database that has reports',
    async () => {
      const address = await postgres.createDatabase();
      const store = await openPostgresRollupStore(address);
      await store.add([sampleContribution()]);
      await store.close();
      const file = newFile();
      await openSqliteRollupStore(file).close();
      return { file, address };
    },
    /expected an empty database, got rows in its table seen/,
  ],
  [
    'a database that a collector uses',
    async () => {
      const address = await postgres.createDatabase();
      const store = await openPostgresRollupStore(address);
      const file = newFile();
      await openSqliteRollupStore(file).close();
      return { file, address, close: store.close };
    },
    /a collector, or another move, uses the database/,
  ],
  [
    'a file that is not there',
    async () => ({ file: newFile(), address: await postgres.createDatabase() }),
    /file-missing: .*expected a collector's SQLite file/,
  ],
])('%s is refused, and nothing is moved', async (_what, prepare, words) => {
  const { file, address, close } = (await prepare()) as {
    file: string;
    address: string;
    close?: () => Promise<void>;
  };
  const { exitCode, errors } = await move(file, address);
  await close?.();
  expect(exitCode).toBe(1);
  expect(errors.join()).toMatch(words);
  const store = await openPostgresRollupStore(address);
  await store.close();
});
