// npm run bench -- <suite> [--json] [--gate] [--keep] [--trials <n>] [--ids <n>]
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { build } from '../scripts/build.mjs';
import { ensureInstalled } from '../scripts/install.mjs';
import { ensureNeeds } from '../scripts/needs.mjs';
import { collectRows } from './row.mjs';

const SUITES = {
  runtime: './runtime/run.mjs',
  artifact: './artifact/run.mjs',
  pipeline: './pipeline/run.mjs',
  start: './start/run.mjs',
  memory: './memory/run.mjs',
  slim: './slim/run.mjs',
  peers: './peers/run.mjs',
  rehearsal: './rehearsal/run.mjs',
  telemetry: './telemetry/run.mjs',
  atlas: './atlas/run.mjs',
  collector: './collector/run.mjs',
  deaths: './deaths/run.mjs',
  quantize: './quantize/run.mjs',
  operate: './operate/run.mjs',
  rollout: './rollout/run.mjs',
};

/** What a suite needs beside Chromium. `artifact` goes on without, and says what its row lacks. */
const NEEDS = {
  operate: ['postgres', 'prometheus'],
  start: ['numpy', 'onnxruntime'],
  quantize: [
    ...['numpy', 'onnx', 'onnxruntime', 'PIL', 'cv2', 'pyclipper'],
    ...['DejaVu', 'Liberation', 'espeak'],
  ],
};

const [suite, ...flags] = process.argv.slice(2);
if (!Object.hasOwn(SUITES, suite ?? '')) {
  console.error(`bench: expected one of ${Object.keys(SUITES).join(', ')}; got '${suite ?? ''}'`);
  process.exit(2);
}
const trials = parseCount(flags, '--trials');
const ids = parseCount(flags, '--ids');
ensureNeeds(['chromium', ...(NEEDS[suite] ?? [])]);
ensureInstalled();
build();

const { runSuite } = await import(SUITES[suite]);
const dir = await mkdtemp(`${tmpdir()}/nearside-bench-`);
const { results, error } = await collectRows(runSuite(dir, { trials, ids }));
const failed = error && String(error.message ?? error);
await rm(dir, { recursive: true, force: true });

const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`;
if (flags.includes('--json')) console.log(JSON.stringify({ suite, machine, results, failed }));
else for (const row of results) console.log(format(row));
if (flags.includes('--keep')) await keepResults({ suite, machine, results, failed });
if (flags.includes('--gate') && results.some(({ ok }) => !ok)) process.exitCode = 1;
if (error) {
  console.error('The rows above were measured; then this failed:', error);
  process.exit(1); // what it had started is still running
}

/** @returns {number | undefined} undefined leaves it to the suite */
function parseCount(flags, flag) {
  const at = flags.indexOf(flag);
  if (at < 0) return undefined;
  const count = Number(flags[at + 1]);
  if (Number.isSafeInteger(count) && count > 0) return count;
  console.error(`bench: expected ${flag} and a positive number; got '${flags[at + 1] ?? ''}'`);
  process.exit(2);
}

/** Beside the others, by its day: a later run of the same day replaces it. */
async function keepResults(run) {
  const at = new Date().toISOString();
  const folder = new URL('./results/', import.meta.url);
  await mkdir(folder, { recursive: true });
  await writeFile(
    new URL(`${at.slice(0, 10)}-${run.suite}.json`, folder),
    `${JSON.stringify({ at, ...run }, undefined, 2)}\n`,
  );
}

function format({ name, value, unit, interval, target, ok, missing }) {
  if (missing) return `– ${name}  not measured: ${missing}`;
  const range = interval.map(number).join(' … ');
  return `${ok ? '✓' : '✗'} ${name}  ${number(value)} ${unit}  [${range}]  target ${target}`;
}

/** Counts as they are. */
function number(value) {
  return Number.isInteger(value) ? String(value) : value.toFixed(3);
}
