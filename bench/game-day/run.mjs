// npm run game-day -- [--only <name>] [--json]: incidents on a real stack, each with its timeline and its postmortem.
// Exits with 1 when something did not go as it has to.
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../../scripts/build.mjs';
import { chromiumLaunch, ensureChromium } from '../../scripts/chromium.mjs';
import { ensureInstalled } from '../../scripts/install.mjs';
import { root } from '../../scripts/root.mjs';

const { only, json } = parseOptions();
ensureInstalled();
ensureChromium();
build();
const { INCIDENTS } = await import('./incidents/incidents.mjs');
const wanted = only === undefined ? INCIDENTS : INCIDENTS.filter(({ name }) => name === only);
if (wanted.length === 0) {
  const names = INCIDENTS.map(({ name }) => name).join(', ');
  fail(`--only: expected one of ${names}; got '${only}'`);
}
const { results, incidents } = await playAll();
const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`;
if (json) console.log(JSON.stringify({ suite: 'game-day', machine, results, incidents }));
else for (const one of results) console.log(describeRow(one));
if (results.some(({ ok }) => !ok)) process.exitCode = 1;

async function playAll() {
  const { chromium } = await import('@playwright/test');
  const { serveSite } = await import('../../scripts/serve-site.mjs');
  const { buildPage } = await import('../build-page.mjs');
  const { playIncident } = await import('./play-incident.mjs');
  const { rowsOf } = await import('./rows.mjs');
  const startMs = performance.now();
  const dir = await mkdtemp(`${tmpdir()}/nearside-game-day-`);
  await buildPage(import.meta.url, `${dir}/page`);
  const packs = await packAll(dir);
  const site = await serveSite({ dir: `${dir}/page`, config: {}, port: 0 });
  const browser = await chromium.launch(chromiumLaunch);
  const out = relative(process.cwd(), `${root}.nearside/game-day`);
  const incidents = [];
  try {
    for (const incident of wanted) {
      const options = { dir: `${dir}/${incident.name}`, out, packs, browser, site: site.url };
      const played = await playIncident(incident, options).catch((error) =>
        broken(incident, error),
      );
      incidents.push(played);
      for (const line of describeIncident(incident, played)) console.error(line);
    }
  } finally {
    await browser.close();
    await site.close();
    await rm(dir, { recursive: true, force: true });
  }
  const minutes = (performance.now() - startMs) / 60_000;
  return { incidents, results: rowsOf(incidents, { minutes }) };
}

/** The version before, and one of each change that some story needs. */
async function packAll(dir) {
  const { BEFORE, packVersion, SHIPPED } = await import('./versions.mjs');
  const packs = { before: await packVersion(`${dir}/before`, { version: BEFORE }) };
  for (const change of new Set(wanted.map((incident) => incident.change))) {
    packs[change] = await packVersion(`${dir}/${change}`, { version: SHIPPED, change });
  }
  return packs;
}

/** One that breaks off loses none of the others. */
function broken({ name }, error) {
  console.error(error);
  const check = { name: 'it is played to its end', ok: false, got: error.message };
  return { name, timeline: [], acts: [], checks: [check], seconds: 0 };
}

function describeAct({ act, to }) {
  if (to === undefined) return act;
  return to === 'stable' ? `${act} to all` : `${act} to ${to} %`;
}

/** Times are of the moved clock. */
function* describeIncident({ name, title }, { timeline, acts, verdict, checks, ...played }) {
  yield `${name}: ${title} (played in ${Math.round(played.seconds)} s)`;
  for (const { what, at, after } of timeline) yield line(what, at ?? '–', after ?? '');
  for (const { time, act, to } of acts) {
    yield line('autopilot', time, describeAct({ act, to }));
  }
  if (verdict) yield line('last verdict', verdict.verdict, [verdict.because ?? []].flat().join());
  for (const { name, ok, got } of checks) {
    yield ok ? `  ✓ ${name}` : `  ✗ ${name}: got ${JSON.stringify(got)}`;
  }
  if (played.postmortem) yield `  ${played.postmortem}`;
}

function line(what, ...columns) {
  return `  ${what.padEnd(17)} ${columns.join('  ')}`;
}

function describeRow({ name, value, unit, target, ok }) {
  return `${ok ? '✓' : '✗'} ${name}  ${Number.isInteger(value) ? value : value.toFixed(1)} ${unit}  target ${target}`;
}

function parseOptions() {
  try {
    const options = { only: { type: 'string' }, json: { type: 'boolean', default: false } };
    return parseArgs({ args: process.argv.slice(2), options }).values;
  } catch (error) {
    fail(error.message);
  }
}

function fail(message) {
  console.error(`game-day: ${message}`);
  process.exit(2);
}
