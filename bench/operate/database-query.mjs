import { copyFile } from 'node:fs/promises';
import { startPostgres } from '../../scripts/services/postgres.mjs';
import { median, medianInterval } from '../bootstrap.mjs';
import { fillMonth } from '../collector/fill.mjs';
import { row } from '../row.mjs';
import { sized } from '../sized.js';
import { turns } from '../turns.mjs';
import { moveFile, startCommand } from './collector.mjs';

const REPORTS = sized(300_000, 10_000);
const QUERIES = sized(7);
const DAY_MS = 86_400_000;

/** The first question of a collector about a month, on each store with the same data. */
export async function* databaseQuery(dir) {
  const file = `${dir}/month.sqlite`;
  await fillMonth(file, { reports: REPORTS });
  const postgres = await startPostgres({ settings: { fsync: 'on' } });
  const address = await postgres.createDatabase();
  // no collector starts on a file that was moved
  await copyFile(file, `${dir}/moved.sqlite`);
  const movingMs = await moveFile(`${dir}/moved.sqlite`, address);
  const times = { sqlite: [], postgres: [] };
  for (const _ of turns('first queries', QUERIES)) {
    times.sqlite.push(await coldQuery('--file', file));
    times.postgres.push(await coldQuery('--database', address));
  }
  await postgres.close();
  const ratios = times.postgres.map((ms, i) => ms / times.sqlite[i]);
  yield row('postgres-query-ratio', {
    value: median(ratios),
    unit: '× the same question of 30 days on SQLite',
    interval: medianInterval(ratios),
    atMost: 2,
  });
  yield row('postgres-query-ms', {
    value: median(times.postgres),
    unit: 'ms',
    interval: medianInterval(times.postgres),
  });
  yield row('move-seconds', {
    value: movingMs / 1000,
    unit: `s for a month of ${REPORTS} reports and their ids`,
  });
}

async function coldQuery(...options) {
  const collector = await startCommand(...options);
  const to = Date.now();
  const question = `/v1/fleet/latency?model=digits&from=${to - 30 * DAY_MS}&to=${to}`;
  const startedMs = performance.now();
  const answer = await fetch(collector.url + question);
  const { versions } = await answer.json();
  const tookMs = performance.now() - startedMs;
  await collector.end();
  if (versions.length !== 5) throw new Error(`expected 5 versions, got ${versions.length}`);
  return tookMs;
}
