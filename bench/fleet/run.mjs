// npm run fleet -- [--scenario <name>] [--seeds <n> | --reports <n> --devices <n> --seed <n>] [--keep <folder>] [--json]
// npm run fleet -- --scenario <name> --show [<folder>] [--port <n>]
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { build, buildMissing } from '../../scripts/build.mjs';
import { ensureInstalled } from '../../scripts/install.mjs';
import { root } from '../../scripts/root.mjs';

const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`;

/** A fleet that is made to be looked at: enough for every panel of the dashboard. */
const SHOWN = { devices: 4000, reports: 200_000 };

const options = parseOptions();
ensureInstalled();
if (options.show) {
  buildMissing();
  await show();
} else {
  build();
  print(options.seeds ? await runStatistics() : await runFleet());
}

/** Shows what `--keep` left in a folder, and makes it first where there is none. */
async function show() {
  const { show: keep, devices, reports, port } = options;
  if (!existsSync(`${keep}/simulated.json`)) {
    console.error(`Making ${keep}: ${reports} reports of ${devices} devices …`);
    await simulate({ ...options, keep });
  }
  const { showKept } = await import('./show-kept.mjs');
  await showKept(keep, { port });
}

/** Many fleets, and nothing but the statistics. */
async function runStatistics() {
  const { SCENARIOS } = await import('./scenarios.mjs');
  const startedMs = performance.now();
  const rows = scenarioOf(SCENARIOS)(options.seeds);
  return { rows, seconds: (performance.now() - startedMs) / 1000 };
}

/** One fleet over a week or a month, judged by what the collector says of it. */
async function runFleet() {
  const { judgeAnswers } = await import('./judge-answers.mjs');
  const { scenario, ...found } = await simulate(options);
  return { ...found, rows: judgeAnswers(found, scenario) };
}

/** Tells a collector of a fleet over HTTP. */
async function simulate(options) {
  const { FLEETS } = await import('./fleet-scenarios.mjs');
  const { simulateFleet } = await import('./simulate-fleet.mjs');
  const scenario = scenarioOf(FLEETS);
  const dir = await mkdtemp(`${tmpdir()}/nearside-fleet-`);
  const found = await simulateFleet(`${dir}/fleet.sqlite`, { ...options, scenario });
  await rm(dir, { recursive: true, force: true });
  return { ...found, scenario };
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
      args: namingFolder(process.argv.slice(2)),
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
    if (seeds !== undefined) return { scenario, json, seeds: wholeNumber('seeds', seeds) };
    const devices = values.devices && wholeNumber('devices', values.devices);
    const reports = wholeNumber('reports', values.reports ?? String((devices ?? 1000) * 20));
    const seed = wholeNumber('seed', values.seed);
    const size = { reports, devices: devices ?? Math.ceil(reports / 20) };
    if (show === undefined) return { scenario, keep, json, seed, ...size };
    const isSized = values.devices !== undefined || values.reports !== undefined;
    const shown = { scenario, seed, port: port && wholeNumber('port', port) };
    return {
      show: show || `${root}.nearside/fleet/${scenario}`,
      ...shown,
      ...(isSized ? size : SHOWN),
    };
  } catch (error) {
    fail(error.message);
  }
}

/** `--show` needs no folder: a scenario has one of its own. */
function namingFolder(args) {
  return args.flatMap((word, i) => {
    const isAlone = word === '--show' && (args[i + 1] ?? '-').startsWith('-');
    return isAlone ? ['--show='] : [word];
  });
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
