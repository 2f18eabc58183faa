import { startPostgres } from '../../scripts/services/postgres.mjs';
import { median, medianInterval } from '../bootstrap.mjs';
import { row } from '../row.mjs';
import { sized } from '../sized.js';
import { turns } from '../turns.mjs';
import { cpuSeconds, load, startCommand } from './collector.mjs';

const SECONDS = sized(4);
const WARM_UP_REPORTS = sized(8000, 500);
/** Of all load generators together. */
const CONNECTIONS = 128;

/** Reports a second of two collectors on PostgreSQL beside one on SQLite, and what CPU each process takes. */
export async function* databaseIngest(dir, { trials }) {
  const postgres = await startPostgres({ settings: { fsync: 'on' } });
  const address = await postgres.createDatabase();
  const lone = await startCommand('--file', `${dir}/ingest.sqlite`);
  const first = await startCommand('--database', address);
  const second = await startCommand('--database', address);
  const sides = {
    lone: { collectors: [lone], processes: { lone: lone.pid } },
    pair: {
      collectors: [first, second],
      processes: { first: first.pid, second: second.pid, postgres: postgres.pid },
    },
  };
  for (const { collectors } of Object.values(sides)) {
    await sendTo(collectors, { count: WARM_UP_REPORTS });
  }
  const pairs = [];
  for (const i of turns('ingest', trials)) {
    const pair = {};
    for (const name of i % 2 === 0 ? ['lone', 'pair'] : ['pair', 'lone']) {
      pair[name] = await measure(sides[name]);
    }
    pairs.push(pair);
  }
  for (const collector of [lone, first, second]) await collector.end();
  await postgres.close();

  const ratios = pairs.map(({ lone, pair }) => pair.perSecond / lone.perSecond);
  yield row('postgres-ingest-ratio', {
    value: median(ratios),
    unit: '× the throughput of one collector on SQLite',
    interval: medianInterval(ratios),
    atLeast: 0.6,
  });
  yield figure('postgres-ingest-per-second', 'reports', ({ pair }) => pair.perSecond);
  yield figure('postgres-ingest-p99-ms', 'ms', ({ pair }) => pair.p99Ms);
  const cores = { unit: 'cores while it takes reports' };
  yield figure('sqlite-collector-cores', cores.unit, ({ lone }) => lone.cores.lone);
  yield figure('postgres-first-collector-cores', cores.unit, ({ pair }) => pair.cores.first);
  yield figure('postgres-second-collector-cores', cores.unit, ({ pair }) => pair.cores.second);
  yield figure('postgres-server-cores', cores.unit, ({ pair }) => pair.cores.postgres);

  function figure(name, unit, value) {
    const values = pairs.map(value);
    return row(name, { value: median(values), unit, interval: medianInterval(values) });
  }
}

async function measure({ collectors, processes }) {
  const names = Object.keys(processes);
  const before = names.map((name) => cpuSeconds(processes[name]));
  const result = await sendTo(collectors, { seconds: SECONDS });
  const cores = names.map((name, i) => [name, (cpuSeconds(processes[name]) - before[i]) / SECONDS]);
  return { ...result, cores: Object.fromEntries(cores) };
}

/** A load generator for each, which share the connections. */
async function sendTo(collectors, { count, ...how }) {
  const connections = CONNECTIONS / collectors.length;
  const each = count && Math.ceil(count / collectors.length);
  const results = await Promise.all(
    collectors.map(({ port }) => load(port, { connections, count: each, ...how })),
  );
  return {
    perSecond: results.reduce((sum, { perSecond }) => sum + perSecond, 0),
    p99Ms: Math.max(...results.map(({ p99Ms }) => p99Ms)),
  };
}
