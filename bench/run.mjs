// npm run bench -- <suite>|all [--quick] [--json] [--gate] [--keep] [--trials <n>] [--ids <n>]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { build } from '../scripts/build.mjs';
import { ensureInstalled } from '../scripts/install.mjs';
import { installNeeds } from '../scripts/needs.mjs';
import { compareRows, rowsOfReadme } from './readme-rows.mjs';
import { SUITES } from './suites.mjs';

/**
 * @typedef {object} Run of one suite
 * @property {string} suite
 * @property {object[]} results rows, in the order in which they were measured
 * @property {number} [minutes] how long that took
 * @property {string} [failed] why it did not end well; the rows before are measured
 * @property {string} [lacks] what this machine has not, so that nothing was measured
 * @property {string[]} [unprinted] rows that README.md names alone
 * @property {string[]} [unexplained] rows that README.md does not name
 */

const FLAGS = ['quick', 'json', 'gate', 'keep'];
const COUNTS = ['trials', 'ids'];

const { names, flags, sizes } = parseWords(process.argv.slice(2));
const needed = names.map((suite) => [
  suite,
  installNeeds(['chromium', ...(SUITES[suite].needs ?? [])]),
]);
const lacking = new Map(needed.filter(([, lacks]) => lacks));
for (const lacks of new Set(lacking.values())) console.error(lacks);
if (lacking.size === names.length) process.exit(1);
for (const suite of names) if (!lacking.has(suite)) console.error(howLong(suite));
ensureInstalled();
build();

const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`;
const startedMs = Date.now();
/** @type {Run[]} */
const runs = [];
for (const suite of names) {
  const lacks = lacking.get(suite);
  const run = lacks ? { suite, results: [], lacks } : await measure(suite);
  runs.push(run);
  if (flags.has('keep')) await keepResults(run);
}
const whole = runs.length === 1 ? runs[0] : { suites: runs };
if (flags.has('json')) console.log(JSON.stringify({ machine, ...whole }));
const faults = runs.flatMap(faultsOf);
tell();
const isBroken = runs.some(({ failed }) => failed);
if (flags.has('gate') ? faults.length > 0 : isBroken) process.exitCode = 1;

function parseWords([name, ...words]) {
  const suites = Object.keys(SUITES);
  if (name !== 'all' && !suites.includes(name)) {
    fail(`expected one of ${suites.join(', ')}, or all of them with 'all'; got '${name ?? ''}'`);
  }
  const flags = new Set();
  const sizes = {};
  while (words.length > 0) {
    const [word, flag = word.slice(2)] = [words.shift()];
    if (!word.startsWith('--') || ![...FLAGS, ...COUNTS].includes(flag)) {
      const known = [...FLAGS, ...COUNTS].map((each) => `--${each}`);
      fail(`expected ${known.join(', ')}; got '${word}'`);
    }
    if (FLAGS.includes(flag)) flags.add(flag);
    else sizes[flag] = parseCount(word, words.shift());
  }
  return { names: name === 'all' ? suites : [name], flags, sizes };
}

function parseCount(flag, word) {
  const count = Number(word);
  if (Number.isSafeInteger(count) && count > 0) return count;
  fail(`expected ${flag} and a positive number; got '${word ?? ''}'`);
}

function fail(message) {
  console.error(`bench: ${message}`);
  process.exit(2);
}

function howLong(suite) {
  const { minutes, quickMinutes } = SUITES[suite];
  const about = flags.has('quick') ? quickMinutes : minutes;
  return `${suite} takes about ${about} ${about === 1 ? 'minute' : 'minutes'} on two cores, and says each row as it is measured.`;
}

/** In a process of its own. @returns {Promise<Run>} */
async function measure(suite) {
  const startedMs = Date.now();
  const dir = await mkdtemp(`${tmpdir()}/nearside-bench-`);
  const script = fileURLToPath(new URL('measure.mjs', import.meta.url));
  const options = JSON.stringify(sizes);
  const child = fork(script, [suite, dir, options], {
    serialization: 'advanced', // JSON has no Infinity
    stdio: ['ignore', 2, 2, 'ipc'],
    env: { ...process.env, BENCH_QUICK: flags.has('quick') ? '1' : '' },
  });
  const results = [];
  let failed;
  child.on('message', (told) => {
    failed ??= told.failed;
    if (told.row) results.push(tellRow(suite, told.row));
  });
  const [[status, signal]] = await Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
  await rm(dir, { recursive: true, force: true });
  if (status !== 0) failed ??= `it ended with ${signal ?? status}`;
  const minutes = (Date.now() - startedMs) / 60_000;
  console.error(`${suite} took ${minutes.toFixed(1)} minutes.`);
  if (failed) return { suite, results, minutes, failed };
  const printed = results.map(({ name }) => name);
  return { suite, results, minutes, ...compareRows(await rowsOfReadme(suite), printed) };
}

/** Measured once, a row is not held to its target. */
function tellRow(suite, { ok, ...row }) {
  const judged = flags.has('quick') ? row : { ...row, ok };
  const say = flags.has('json') ? console.error : console.log;
  say(format(names.length > 1 ? `${suite}  ` : '', judged));
  return judged;
}

/** What is missed, missing or wrong, below the rows. */
function tell() {
  if (names.length > 1) {
    const rows = runs.reduce((sum, { results }) => sum + results.length, 0);
    const minutes = ((Date.now() - startedMs) / 60_000).toFixed(1);
    console.error(`\n${runs.length} suites, ${rows} rows, in ${minutes} minutes`);
    for (const { suite, results, lacks } of runs) {
      if (lacks) console.error(`– ${suite}  not measured: ${lacks}`);
      for (const row of results) if (row.missing) console.error(format(`${suite}  `, row));
    }
  }
  for (const fault of faults) console.error(fault);
}

/** What makes `--gate` exit with 1. @param {Run} run */
function faultsOf({ suite, results, failed, unprinted = [], unexplained = [] }) {
  const missed = results.filter(({ ok }) => ok === false);
  return [
    ...missed.map((row) => `Missed: ${format(`${suite}  `, row)}`),
    ...(failed ? [`Failed: ${suite}, after ${results.length} rows. ${failed}`] : []),
    ...unprinted.map(
      (name) => `Expected a row ${name} of ${suite}, as in bench/README.md; got none`,
    ),
    ...unexplained.map(
      (name) => `Expected bench/README.md to explain ${name} of ${suite}; it does not`,
    ),
  ];
}

/** Beside the others, by its day: a later run of the same day replaces it. */
async function keepResults(run) {
  const at = new Date().toISOString();
  const folder = new URL('./results/', import.meta.url);
  await mkdir(folder, { recursive: true });
  await writeFile(
    new URL(`${at.slice(0, 10)}-${run.suite}.json`, folder),
    `${JSON.stringify({ at, machine, ...run }, undefined, 2)}\n`,
  );
}

function format(prefix, { name, value, unit, interval, target, ok, missing }) {
  if (missing) return `– ${prefix}${name}  not measured: ${missing}`;
  const sign = { true: '✓', false: '✗' }[ok] ?? '·';
  const range = interval.map(number).join(' … ');
  return `${sign} ${prefix}${name}  ${number(value)} ${unit}  [${range}]  target ${target}`;
}

/** Counts as they are. */
function number(value) {
  return Number.isInteger(value) ? String(value) : value.toFixed(3);
}
