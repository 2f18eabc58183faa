import { cp, readFile, writeFile } from 'node:fs/promises';
import { root } from '../../scripts/root.mjs';
import { serveSite } from '../../scripts/serve-site.mjs';
import { median, medianInterval } from '../bootstrap.mjs';
import { buildPage } from '../build-page.mjs';
import { row } from '../row.mjs';
import { createSlowLink } from '../runtime/slow-link.mjs';
import { sized } from '../sized.js';
import { turns } from '../turns.mjs';
import { jspiBesideAsyncify } from './jspi-beside-asyncify.mjs';
import { publishStartModels } from './models.mjs';
import { progressError } from './progress-error.mjs';
import { runtimeSizes } from './runtime-sizes.mjs';
import { measureSmallCalls } from './small-calls.mjs';
import { visitInTurn } from './visits.mjs';
import { askedUntilResult, drawWaterfall } from './waterfall.mjs';

/** A usual home or mobile line. */
const LINE = { bitsPerSecond: 20_000_000, latencyMs: 40 };

/** What a phone has on the way: 400 KB/s. */
const SLOW_LINE = { bitsPerSecond: 3_200_000, latencyMs: 40 };

/** As hosts serve files whose names have a hash. */
export const CACHED = { 'Cache-Control': 'public, max-age=31536000, immutable' };

const PAIRS = sized(10);
const THREADS = [1, 2];

/** Runs of a visit that people wait for. */
const FIRST_RUNS = 12;

/**
 * How long people wait, beside the worker written by hand: with an empty profile and at the second visit.
 *
 * @param {string} dir empty folder to work in
 * @param {{ trials?: number }} [options] pairs of visits
 */
export async function* runSuite(dir, { trials = PAIRS } = {}) {
  const siteDir = `${dir}/page`;
  await buildPage(import.meta.url, siteDir, ['index', 'small']);
  await placeWholeWorkers(siteDir);
  const { addresses, ...models } = await publishStartModels(`${dir}/models`, siteDir);
  const site = await serveSite({ dir: siteDir, config: {}, port: 0, headers: CACHED });
  const bench = { site, addresses, trials };
  yield* await smallCalls(bench);
  yield await secondWorker(siteDir, addresses['digits-onnx']);
  yield* openings(bench);
  yield await progressErrors(bench, '20 Mbit/s', LINE);
  yield await progressErrors(bench, '400 KB/s', SLOW_LINE);
  yield* await runtimeSizes();
  yield* jspiBesideAsyncify(`${dir}/suspending`);
  yield* await firstRuns(bench, 'silero', 1);
  for (const threads of THREADS) yield* await recogniserRuns(bench, threads);
  await Promise.all([site.close(), models.close()]);
}

/** Digits of 8 bits, as fast as one caller can ask. */
async function smallCalls({ site, addresses }) {
  const { ours } = contendersOf(addresses, 'digits-onnx', { threads: 2 });
  const how = { ...ours, model: 'digits', file: '/digits.onnx' };
  const pairs = await measureSmallCalls(`${site.url}small.html`, how);
  return [
    ratioRow('small-call-ratio, p50', ratiosOf(pairs, median), 1.25),
    ratioRow('small-call-ratio, p90', ratiosOf(pairs, p90), 1.15),
  ];
}

/** First and second visit to digits over a line, to the first result. */
async function* openings({ site, addresses, trials }) {
  const link = createSlowLink(LINE);
  const near = await link.serve(site.url.replace(/\/$/, ''));
  const served = await Promise.all(
    Object.entries(addresses).map(async ([key, { repositoryUrl, name, trust }]) => {
      const repository = await link.serve(repositoryUrl);
      return [key, { url: `${repository.url}${name}`, trust, close: repository.close }];
    }),
  );
  const at = Object.fromEntries(served);
  const digits = { model: 'digits', threads: 2 };
  const contenders = {
    onnx: { ...digits, by: 'ours', ...at['digits-onnx'], backend: 'onnx-wasm' },
    whole: {
      ...digits,
      ...{ by: 'ours', ...at['digits-onnx'], backend: 'onnx-wasm', runtime: 'full' },
    },
    digits: { ...digits, by: 'ours', ...at.digits },
    raw: { ...digits, by: 'raw', file: '/digits.onnx' },
  };
  await inDrawnOrder(contenders, (how) => visitInTurn(near.url, [how])); // what is compressed for the first time takes longer
  yield await seeFirstVisit(link, near, contenders.onnx);
  yield await fallbacks({ near, at, trials });
  yield await secondFile({ near, at, trials });
  yield* await digitsVisits({ near, contenders, trials });
  await Promise.all([near.close(), ...Object.values(at).map(({ close }) => close())]);
}

async function digitsVisits({ near, contenders, trials }) {
  const ratios = Object.fromEntries(
    ['onnx', 'whole', 'digits'].map((name) => [name, { cold: [], warm: [] }]),
  );
  for (const _ of turns('first and second visits to digits', trials)) {
    const seen = await inDrawnOrder(contenders, (how) => visitInTurn(near.url, [how, how]));
    for (const name of Object.keys(ratios)) {
      for (const [visit, when] of ['cold', 'warm'].entries()) {
        ratios[name][when].push(seen[name][visit].firstResultMs / seen.raw[visit].firstResultMs);
      }
    }
  }
  return [
    ratioRow('cold-open-onnx-ratio', ratios.onnx.cold, 0.7),
    ratioRow('cold-open-onnx-ratio, full runtime', ratios.whole.cold, 1.05),
    ratioRow('cold-open-digits-ratio', ratios.digits.cold, 0.4),
    ratioRow('warm-open-onnx-ratio', ratios.onnx.warm, 1.05),
    ratioRow('warm-open-onnx-ratio, full runtime', ratios.whole.warm, 1.05),
    ratioRow('warm-open-digits-ratio', ratios.digits.warm, 0.7),
  ];
}

/** How far `ratio` is from the truth at worst, on first visits to a model for ONNX alone. */
async function progressErrors({ site, addresses, trials }, named, line) {
  const { repositoryUrl, name, trust } = addresses['digits-onnx'];
  const link = createSlowLink(line);
  const near = await link.serve(site.url.replace(/\/$/, ''));
  const repository = await link.serve(repositoryUrl);
  const how = { model: 'digits', threads: 2, by: 'ours', backend: 'onnx-wasm', trust };
  const errors = [];
  for (const i of turns(`progress, ${named}`, trials, -1)) {
    const before = link.transfers.length;
    const [visit] = await visitInTurn(near.url, [{ ...how, url: `${repository.url}${name}` }]);
    if (i >= 0) errors.push(progressError(link.transfers.slice(before), visit)); // the first has files compressed
  }
  await Promise.all([near.close(), repository.close()]);
  return ratioRow(`progress-error, ${named}`, errors, 0.25);
}

/** A first visit to a model that is taken for common and is not, beside the same one that goes to the full file at once. */
async function fallbacks({ near, at, trials }) {
  const ours = { model: 'above', by: 'ours', threads: 2 };
  const contenders = { falls: { ...ours, ...at['above-common'] }, full: { ...ours, ...at.above } };
  const ratios = [];
  for (const _ of turns('fallbacks', trials)) {
    const seen = await inDrawnOrder(contenders, (how) => visitInTurn(near.url, [how]));
    ratios.push(seen.falls[0].firstResultMs / seen.full[0].firstResultMs);
  }
  return ratioRow('fallback-extra-ratio', ratios, 1.3);
}

/** A first visit to a model of sound, whose steps are in a second file, beside the same with all steps in the worker. */
async function secondFile({ near, at, trials }) {
  const ours = { model: 'voice', by: 'ours', threads: 2, ...at.silero };
  const contenders = { apart: ours, whole: { ...ours, assets: WHOLE } };
  await inDrawnOrder(contenders, (how) => visitInTurn(near.url, [how])); // compresses what no visit asked for yet
  const ratios = [];
  for (const _ of turns('second file', trials)) {
    const seen = await inDrawnOrder(contenders, (how) => visitInTurn(near.url, [how]));
    ratios.push(seen.apart[0].firstResultMs / seen.whole[0].firstResultMs);
  }
  return ratioRow('second-file-ratio', ratios, 1.03);
}

/** The page's folder with runtime files whose workers hold all steps. */
const WHOLE = '/whole/';

/** A worker has no steps to fetch where its own file has registered them. */
async function placeWholeWorkers(siteDir) {
  const assets = `${root}packages/nearside/dist/assets`;
  const folder = `${siteDir}${WHOLE}`;
  await cp(assets, folder, { recursive: true });
  const steps = await readFile(`${assets}/steps.js`, 'utf8');
  for (const backend of ['onnx-wasm', 'tfjs-wasm']) {
    const worker = `${folder}worker-${backend}.js`;
    await writeFile(worker, `${steps};\n${await readFile(worker, 'utf8')}`);
  }
}

/** A model in a second worker beside the first, from a server whose files nobody may keep. */
async function secondWorker(siteDir, { repositoryUrl, name, trust }) {
  const headers = { 'Cache-Control': 'no-store' };
  const site = await serveSite({ dir: siteDir, config: {}, port: 0, headers });
  const link = createSlowLink({ bitsPerSecond: 1_000_000_000, latencyMs: 0 });
  const near = await link.serve(site.url.replace(/\/$/, ''));
  const url = `${repositoryUrl.replace(/\/$/, '')}/${name}`;
  const how = { by: 'ours', model: 'digits', threads: 2, url, trust, backend: 'onnx-wasm' };
  await visitInTurn(near.url, [{ ...how, isTwice: true }]);
  await Promise.all([near.close(), site.close()]);
  const asked = link.transfers.filter(({ path }) => path.endsWith('.wasm')).length;
  return row('second-worker-wasm-requests', { value: asked - 1, unit: '', atMost: 0 });
}

/** What a first visit to a model for ONNX alone asks for. */
async function seeFirstVisit(link, near, how) {
  const before = link.transfers.length;
  const [visit] = await visitInTurn(near.url, [how]);
  const asked = askedUntilResult(link.transfers.slice(before), visit);
  const scripts = asked.filter(({ name }) => name.endsWith('.js'));
  const value = scripts.reduce((sum, { bytes }) => sum + bytes, 0);
  console.error(drawWaterfall(asked, visit));
  return row('js-before-first-result', { value, unit: 'B', atMost: 111_616 });
}

/** The first run of the second visit; the first visit has optimised the code. */
async function firstRuns({ site, addresses, trials }, model, threads) {
  const contenders = contendersOf(addresses, model, { threads, stretches: [{ runs: 60 }] });
  const ratios = [];
  for (const _ of turns(`first runs, ${model}`, trials)) {
    const seen = await inDrawnOrder(contenders, (how) =>
      visitInTurn(site.url, [how, { ...how, stretches: [] }]),
    );
    ratios.push(firstRunMs(seen.ours[1]) / firstRunMs(seen.raw[1]));
  }
  return [ratioRow(`second-visit-first-run-ratio, ${model}`, ratios, 1.2)];
}

/** All that is seen of a model whose runs take long, in three visits. */
async function recogniserRuns({ site, addresses, trials }, threads) {
  const stretches = [{ runs: 30 }, { runs: 40, pauseMs: 20 }, { runs: 40, pauseMs: 3 }];
  const contenders = contendersOf(addresses, 'recogniser', { threads, stretches });
  const secondVisit = [{ runs: FIRST_RUNS - 1 }, { runs: 30, pauseMs: 20 }];
  const afterWarm = [{ runs: 5, pauseMs: 20 }, { runs: 40 }];
  const ratios = { second: [], paused: [], tierUp: [], warmed: [] };
  const returned = { first: [], paused: [] };
  const eight = {};
  for (const _ of turns(`recogniser, ${threads} threads`, trials)) {
    const seen = await inDrawnOrder(contenders, (how) =>
      visitInTurn(site.url, [how, { ...how, stretches: secondVisit }]),
    );
    const { ours, raw } = seen;
    returned.first.push([ours, raw].map(([, visit]) => firstTwelve(visit)));
    returned.paused.push([ours, raw].map(([, visit]) => visit.stretches[1]));
    ratios.second.push(firstRunMs(ours[1]) / firstRunMs(raw[1]));
    ratios.paused.push(mean(ours[0].stretches[1]) / mean(raw[0].stretches[1]));
    ratios.tierUp.push(runsUntilSteady(ours[0]) / runsUntilSteady(raw[0]));
    const [warmed] = await visitInTurn(site.url, [
      { ...contenders.ours, warm: true, stretches: afterWarm },
    ]);
    const [first, later] = warmed.stretches;
    ratios.warmed.push(mean([firstRunMs(warmed), ...first.slice(0, 4)]) / median(later.slice(-20)));
    for (const [name, [visit]] of Object.entries(seen)) eight[name] = firstEight(visit);
  }
  for (const [name, times] of Object.entries(eight))
    console.error(`${threads} threads, ${name}: the first eight runs took ${times.join(', ')} ms`);
  const named = `recogniser, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  return [
    ratioRow(`second-visit-first-run-ratio, ${named}`, ratios.second, 1.2),
    ratioRow(`first-runs-ratio, ${named}`, ratios.warmed, 1.3),
    ratioRow(`paused-runs-ratio, ${named}`, ratios.paused, 1.05),
    ratioRow(`tier-up-runs-ratio, ${named}`, ratios.tierUp, 1.2),
    ...(threads === 2 ? returnedRows(returned, named) : []),
  ];
}

/** Runs of the second visit, whose code the first one has optimised. */
function returnedRows(stretches, named) {
  return Object.entries({ first: 'second-visit-12-runs', paused: 'second-visit-paused' }).flatMap(
    ([key, row]) => [
      ratioRow(`${row}-mean-ratio, ${named}`, ratiosOf(stretches[key], mean), 1.1),
      ratioRow(`${row}-p90-ratio, ${named}`, ratiosOf(stretches[key], p90), 1.1),
    ],
  );
}

function firstTwelve(visit) {
  return [firstRunMs(visit), ...visit.stretches[0]];
}

function contendersOf(addresses, model, rest) {
  const { repositoryUrl, name, trust } = addresses[model];
  const url = `${repositoryUrl.replace(/\/$/, '')}/${name}`;
  return {
    ours: { by: 'ours', model, url, trust, backend: 'onnx-wasm', ...rest },
    raw: { by: 'raw', model, file: `/${model}.onnx`, ...rest },
  };
}

/** One after another, in an order drawn anew. @returns what each gave, by its name */
async function inDrawnOrder(contenders, work) {
  const names = Object.keys(contenders)
    .map((name) => [Math.random(), name])
    .sort(([a], [b]) => a - b);
  const seen = {};
  for (const [, name] of names) seen[name] = await work(contenders[name]);
  return seen;
}

function firstRunMs({ openedMs, firstResultMs }) {
  return firstResultMs - openedMs;
}

function firstEight(visit) {
  return [firstRunMs(visit), ...visit.stretches[0].slice(0, 7)].map((ms) => Math.round(ms));
}

/** Runs until the median of five is within a fifth of what it is in the end. */
function runsUntilSteady(visit) {
  const runs = [firstRunMs(visit), ...visit.stretches.flat()];
  const steadyMs = median(runs.slice(-40));
  const at = runs.findIndex((_, i) => median(runs.slice(i, i + 5)) <= 1.2 * steadyMs);
  return at + 1;
}

/** Ours ÷ theirs, of one figure of each pair of stretches. */
function ratiosOf(pairs, figure) {
  return pairs.map(([ours, theirs]) => figure(ours) / figure(theirs));
}

/** The value that 90 % of all stay below, by nearest rank. */
function p90(values) {
  return values.toSorted((a, b) => a - b)[Math.ceil(0.9 * values.length) - 1];
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function ratioRow(name, ratios, atMost) {
  return row(name, { value: median(ratios), unit: '', interval: medianInterval(ratios), atMost });
}
