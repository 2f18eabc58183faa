import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { fleetDrift } from '../../packages/collector/dist/fleet/drift.js';
import { openSqliteRollupStore } from '../../packages/collector/dist/sqlite/sqlite-rollup-store.js';
import { intervalOf, median, medianInterval } from '../bootstrap.mjs';
import { row } from '../row.mjs';
import { sized } from '../sized.js';
import { turns } from '../turns.mjs';
import { fillMonth } from './fill.mjs';
import { killTrials } from './kill-trials.mjs';
import { sendLoad, startScript } from './processes.mjs';

const PAIRS = sized(7);
const SECONDS = sized(4);
/** The compiler has done its work after so many. */
const WARM_UP_REPORTS = sized(8000, 500);
const MONTH_REPORTS = sized(300_000, 10_000);
const COLD_QUERIES = sized(7);
const FLOOD_REPORTS = sized(100_000, 2000);
const KILLS = sized(50, 2);

/** A week, which is a past, and the day after it. */
const COHORT_DAYS = 8;
const REPORTS_A_DAY = sized(10_000, 500);

const DAY_MS = 86_400_000;
/** As the reports have it. */
const TEN_BINS = { kind: 'input', counts: new Array(10).fill(100), labels: [...'abcdefghi'] };
const FACTS = {
  model: 'digits',
  versions: [
    {
      version: '1.2.0',
      state: 'stable',
      baselineHash: '0123456789abcdef',
      baseline: {
        format: 2,
        n: 1000,
        distributions: ['first', 'second'].map((name) => ({ name, ...TEN_BINS })),
      },
    },
  ],
};

/** @param {string} dir empty folder to work in */
export async function* runSuite(dir, { trials = PAIRS }) {
  yield* await ingest(dir, trials);
  const [month, tenth] = [`${dir}/month.sqlite`, `${dir}/tenth.sqlite`];
  await fillMonth(month, { reports: MONTH_REPORTS });
  await fillMonth(tenth, { reports: MONTH_REPORTS / 10 });
  yield* await fleetQuery(month, tenth);
  yield* await cohorts(`${dir}/cohorts.sqlite`);
  yield await whileRead(month, trials);
  yield* await flood(`${dir}/flood.sqlite`);
  yield* await kill(`${dir}/kill.sqlite`);
}

/** Beside a server that parses and validates the same bodies and keeps nothing. */
async function ingest(dir, trials) {
  const bare = await startScript('bare-server.mjs');
  const collector = await startScript('collector-server.mjs', `${dir}/ingest.sqlite`);
  for (const { port } of [bare, collector]) await sendLoad(port, { count: WARM_UP_REPORTS });
  const pairs = [];
  for (const i of turns('ingest', trials)) {
    const order = i % 2 === 0 ? [bare, collector] : [collector, bare];
    const loads = new Map();
    for (const server of order) loads.set(server, await load(server.port, { seconds: SECONDS }));
    pairs.push({ bare: loads.get(bare), ours: loads.get(collector) });
  }
  await Promise.all([bare.end(), collector.end()]);
  const ratios = pairs.map(({ bare, ours }) => ours.perSecond / bare.perSecond);
  const figure = (name, unit, value) => {
    const values = pairs.map(({ ours }) => value(ours));
    return row(name, { value: median(values), unit, interval: medianInterval(values) });
  };
  return [
    row('ingest-ratio', {
      value: median(ratios),
      unit: '× the throughput of a bare handler',
      interval: medianInterval(ratios),
      atLeast: 0.5,
    }),
    figure('ingest-per-second', 'reports', ({ perSecond }) => perSecond),
    figure('ingest-p99-ms', 'ms', ({ p99Ms }) => p99Ms),
  ];
}

/** The first question of a collector that has just started. */
async function fleetQuery(month, tenth) {
  const times = { month: [], tenth: [] };
  for (const _ of turns('first queries', COLD_QUERIES)) {
    times.month.push(await coldQuery(month));
    times.tenth.push(await coldQuery(tenth));
  }
  const ratios = times.month.map((ms, i) => ms / times.tenth[i]);
  return [
    row('fleet-query-ms', {
      value: median(times.month),
      unit: 'ms',
      interval: medianInterval(times.month),
      atMost: 500,
    }),
    row('fleet-query-ratio', {
      value: median(ratios),
      unit: '× with a tenth of the reports',
      interval: medianInterval(ratios),
      atMost: 1.2,
    }),
  ];
}

async function coldQuery(file) {
  const collector = await startScript('collector-server.mjs', file);
  const startedMs = performance.now();
  await askMonth(collector.url);
  const tookMs = performance.now() - startedMs;
  await collector.end();
  return tookMs;
}

async function askMonth(url) {
  const to = Date.now();
  const answer = await fetch(
    `${url}/v1/fleet/latency?model=digits&from=${to - 30 * DAY_MS}&to=${to}`,
  );
  const { versions } = await answer.json();
  if (versions.length < 5) throw new Error(`expected 5 versions, got ${versions.length}`);
}

/** What rows by cohort take, of one version on all classes of device and backends, and how long drift reads them. */
async function cohorts(file) {
  const nowMs = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const reports = COHORT_DAYS * REPORTS_A_DAY;
  await fillMonth(file, { reports, nowMs, days: COHORT_DAYS, of: [{ version: '1.2.0' }] });
  const database = new Database(file, { readonly: true });
  const bytes = database
    .prepare("SELECT sum(pgsize) FROM dbstat WHERE name IN ('cohort', 'segment')")
    .pluck()
    .get();
  database.close();
  const store = openSqliteRollupStore(file);
  const query = { model: 'digits', fromMs: nowMs - DAY_MS, toMs: nowMs, stepMs: DAY_MS };
  const times = [];
  for (let i = 0; i < COLD_QUERIES; i += 1) {
    const startedMs = performance.now();
    await fleetDrift(store, query, { facts: FACTS, minDevices: 50 });
    times.push(performance.now() - startedMs);
  }
  await store.close();
  return [
    row('cohort-rows-mb', {
      value: bytes / COHORT_DAYS / 1e6,
      unit: `MB a model and day, ${REPORTS_A_DAY} reports`,
      atMost: 2,
    }),
    row('drift-query-ms', { value: median(times), unit: 'ms', interval: medianInterval(times) }),
  ];
}

/** Reports wait no longer while somebody looks at 30 days and refreshes every second. */
async function whileRead(month, trials) {
  const collector = await startScript('collector-server.mjs', month);
  await sendLoad(collector.port, { count: WARM_UP_REPORTS });
  const ratios = [];
  for (const _ of turns('ingest while read', trials)) {
    const alone = await load(collector.port, { seconds: SECONDS });
    const viewer = setInterval(() => askMonth(collector.url).catch(console.error), 1000);
    const read = await load(collector.port, { seconds: SECONDS });
    clearInterval(viewer);
    ratios.push(read.p99Ms / alone.p99Ms);
  }
  await collector.end();
  return row('ingest-p99-while-read-ratio', {
    value: median(ratios),
    unit: '× without a viewer of 30 days',
    interval: intervalOf(ratios, median),
    atMost: 3,
  });
}

/** Somebody invents a model, a version and a release of the app for each report. */
async function flood(file) {
  const collector = await startScript('collector-server.mjs', file);
  await load(collector.port, { count: 4 * WARM_UP_REPORTS });
  const before = { memory: await memoryBytes(collector), disk: bytesOf(file) };
  await load(collector.port, { count: FLOOD_REPORTS, invented: true });
  const after = { memory: await memoryBytes(collector), disk: bytesOf(file) };
  const text = await (await fetch(`${collector.url}/metrics`)).text();
  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
  await collector.end();
  const mebibytes = (bytes) => bytes / 2 ** 20;
  return [
    row('flood-memory-mib', {
      value: mebibytes(after.memory - before.memory),
      unit: `MiB after ${FLOOD_REPORTS} invented names`,
      atMost: 64,
    }),
    row('flood-database-mib', {
      value: mebibytes(after.disk - before.disk),
      unit: 'MiB of database and its log',
      atMost: 32,
    }),
    row('flood-series', { value: series, unit: 'series in /metrics', atMost: 50_000 }),
  ];
}

async function kill(file) {
  const { lost, twice } = await killTrials(file, { kills: KILLS, reports: 200 });
  return [
    row('kill-lost', { value: lost, unit: `acknowledged and lost, ${KILLS} kills`, atMost: 0 }),
    row('kill-twice', { value: twice, unit: 'counted twice', atMost: 0 }),
  ];
}

async function load(port, how) {
  const result = await sendLoad(port, how);
  const refused = Object.keys(result.statuses).filter((status) => status !== '204');
  if (refused.length > 0)
    throw new Error(`expected 204 alone, got ${JSON.stringify(result.statuses)}`);
  return result;
}

/** The least of several looks: a page of figures is made in memory too. */
async function memoryBytes(collector) {
  const looks = [];
  for (let i = 0; i < 5; i += 1) {
    collector.collectGarbage();
    looks.push(await residentBytes(collector.url));
  }
  return Math.min(...looks);
}

async function residentBytes(url) {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^nearside_collector_resident_memory_bytes (\S+)$/m.exec(text)?.[1]);
}

function bytesOf(file) {
  return ['', '-wal'].reduce((sum, end) => sum + sizeOf(`${file}${end}`), 0);
}

function sizeOf(path) {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
