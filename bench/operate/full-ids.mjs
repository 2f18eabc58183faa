import Database from 'better-sqlite3';
import { startPostgres } from '../../scripts/services/postgres.mjs';
import { median, medianInterval } from '../bootstrap.mjs';
import { row } from '../row.mjs';
import { sized } from '../sized.js';
import { turns } from '../turns.mjs';
import { load, startCommand } from './collector.mjs';

const SECONDS = sized(4);
const WARM_UP_REPORTS = sized(8000, 500);
/** Ids are kept for so many days. */
const DAYS = 16;

/**
 * Throughput beside `ids` that were counted before ÷ with none, on each store. A store has them after 16 days of 14 reports a
 * second for each 20 million.
 */
export async function* fullIds(dir, { trials, ids }) {
  yield await ratioOf('full-ids-ratio, sqlite', { trials, ids }, await onSqlite(dir, ids));
  const postgres = await startPostgres({ settings: { fsync: 'on', max_wal_size: '8GB' } });
  const sides = await onPostgres(postgres, ids);
  yield await ratioOf('full-ids-ratio, postgres', { trials, ids }, sides);
  await postgres.close();
}

/** @param {{ full: string[], empty: string[] }} sides options of collectors */
async function ratioOf(name, { trials, ids }, sides) {
  const full = await startCommand(...sides.full);
  const empty = await startCommand(...sides.empty);
  for (const { port } of [full, empty]) await load(port, { count: WARM_UP_REPORTS });
  const ratios = [];
  for (const i of turns(name, trials)) {
    const perSecond = new Map();
    for (const side of i % 2 === 0 ? [full, empty] : [empty, full]) {
      perSecond.set(side, (await load(side.port, { seconds: SECONDS })).perSecond);
    }
    ratios.push(perSecond.get(full) / perSecond.get(empty));
  }
  await Promise.all([full.end(), empty.end()]);
  return row(name, {
    value: median(ratios),
    unit: `× the throughput without the ${ids / 1e6} million ids`,
    interval: medianInterval(ratios),
    atLeast: 0.8,
  });
}

async function onSqlite(dir, ids) {
  const [full, empty] = [`${dir}/full.sqlite`, `${dir}/empty.sqlite`];
  await (await startCommand('--file', full)).end();
  const database = new Database(full);
  database.pragma('synchronous = OFF');
  database.pragma('cache_size = -200000');
  const [{ sql }] = database
    .prepare(
      "SELECT sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'seen' AND sql <> ''",
    )
    .all();
  const columns = database.prepare('SELECT name FROM pragma_table_info(?)').pluck().all('seen');
  database.exec(`DROP INDEX ${/INDEX (\w+)/.exec(sql)[1]}`);
  // in the order of the key, which is many times faster
  const insert = database.prepare(`
    INSERT INTO seen (${columns})
    WITH RECURSIVE each (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM each WHERE n < @count)
    SELECT @day, randomblob(16) AS id, @third FROM each ORDER BY id`);
  for (const day of daysUpToToday()) {
    const third = columns[2] === 'until' ? day + DAYS : day;
    insert.run({ count: Math.round(ids / DAYS), day, third });
  }
  database.exec(sql);
  database.close();
  return { full: ['--file', full], empty: ['--file', empty] };
}

async function onPostgres(postgres, ids) {
  const [full, empty] = [await postgres.createDatabase(), await postgres.createDatabase()];
  await (await startCommand('--database', full)).end();
  for (const day of daysUpToToday()) {
    await postgres.query(
      `INSERT INTO seen SELECT ${day}, id, ${day + DAYS}
       FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, ${Math.round(ids / DAYS)})) AS drawn
       ORDER BY id`,
      full,
    );
  }
  await postgres.query('CHECKPOINT', full);
  return { full: ['--database', full], empty: ['--database', empty] };
}

function daysUpToToday() {
  const today = Math.floor(Date.now() / 86_400_000);
  return Array.from({ length: DAYS }, (_, i) => today - i);
}
