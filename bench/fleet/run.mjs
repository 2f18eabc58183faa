// npm run fleet -- [--scenario <name>] [--seeds <n> | --reports <n> --devices <n> --seed <n>] [--keep <folder>] [--json]
// npm run fleet -- --show <folder> [--port <n>]
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { build } from '../../scripts/build.mjs';
import { ensureInstalled } from '../../scripts/install.mjs';

const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`;

const options = parseOptions();
ensureInstalled();
build();
if (options.show) await show();
else print(options.seeds ? await runStatistics() : await runFleet());

async function show() {
  const { showKept } = await import('./show-kept.mjs');
  await showKept(options.show, options);
}

/** Many fleets, and nothing but the statistics. */
async function runStatistics() {
  const { SCENARIOS } = await import('./scenarios.mjs');
  const startedMs = performance.now();
  const rows = scenarioOf(SCENARIOS)(options.seeds);
  return { rows, seconds: (performance.now() - startedMs) / 1000 };
}

/** One fleet over a week or a month, told to a collector over HTTP. */
async function runFleet() {
  const { FLEETS } = await import('./fleet-scenarios.mjs');
  const { simulateFleet } = await import('./simulate-fleet.mjs');
  const { judgeAnswers } = await import('./judge-answers.mjs');
  const scenario = scenarioOf(FLEETS);
  const dir = await mkdtemp(`${tmpdir()}/nearside-fleet-`);
  const found = await simulateFleet(`${dir}/fleet.sqlite`, { ...options, scenario });
  await rm(dir, { recursive: true, force: true });
  return { ...found, rows: judgeAnswers(found, scenario) };
}

function print({ rows, ...found }) {
  if (options.json) console.log(JSON.stringify({ ...options, machine, ...found, rows }));
  else for (const row of rows) console.log(describe(row));
  if (rows.some(({ ok }) => !ok)) process.exitCode = 1;
}

function scenarioOf(known) {
  if (Object.hasOwn(known, options.scenario)) return known[options.scenario];
  fail(`--scenario: expected one of ${Object.keys(known).join(', ')}; got '${options.scenario}'`);
}

function parseOptions() {
  try {
    const { values } = parseArgs({
      options: {
        scenario: { type: 'string', default: 'none' },
        seeds: { type: 'string' },
        reports: { type: 'string' },
        devices: { type: 'string' },
        seed: { type: 'string', default: '1' },
        keep: { type: 'string' },
        show: { type: 'string' },
        port: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
    const { scenario, keep, json, seeds, show, port } = values;
    if (show !== undefined) return { show, port: port && wholeNumber('port', port) };
    if (seeds !== undefined) return { scenario, json, seeds: wholeNumber('seeds', seeds) };
    const devices = values.devices && wholeNumber('devices', values.devices);
    const reports = wholeNumber('reports', values.reports ?? String((devices ?? 1000) * 20));
    const seed = wholeNumber('seed', values.seed);
    return { scenario, keep, json, seed, reports, devices: devices ?? Math.ceil(reports / 20) };
  } catch (error) {
    fail(error.message);
  }
}

function wholeNumber(name, text) {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new TypeError(`--${name}: expected a whole number above 0; got '${text}'`);
}

function fail(message) {
  console.error(`fleet: ${message}`);
  process.exit(2);
}

function describe({ name, value, interval, target, expected, ok }) {
  const between = interval ? ` [${interval.map((end) => end.toFixed(4)).join(' … ')}]` : '';
  return `${ok ? '✓' : '✗'} ${name}  ${value}${between}  (${target ?? expected})`;
}
