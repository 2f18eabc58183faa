// npm run profile:runtime – makes the list of the functions that common models use: scripts/slim/common-functions.json.
// It runs all models of the corpus on a runtime that notes what is entered, on one, two and four threads: the twelve
// graphs of `common-graphs.mjs`, our models in all forms, and, while there is room, small models of single operators.
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { ensureNeeds, findPython } from '../../scripts/needs.mjs';
import { root } from '../../scripts/root.mjs';
import { writeRanges } from '../../scripts/slim/function-list.mjs';
import { sha256 } from '../../scripts/slim/keep-functions.mjs';
import { FULL_FILE, LIST_FILE } from '../../scripts/slim/make-common.mjs';
import { markFunctions } from '../../scripts/slim/mark-functions.mjs';
import { chooseWhatFits } from './choose-what-fits.mjs';
import { openPage } from './chromium-page.mjs';
import { makeCommonGraphs, quantiseAll } from './common-graphs.mjs';
import { corpusJobs } from './corpus.mjs';
import { OUR_MODELS, withMovedWeights } from './models.mjs';

/**
 * Three times on each number of threads, each time with other inputs. Which functions a thread pool enters hangs on
 * timing too. Errors are the same on any number of threads, so most wrong inputs are for one.
 */
const PASSES = [
  { threads: 1, runs: 24, wrongRuns: 350 },
  { threads: 1, runs: 12, wrongRuns: 140 },
  { threads: 1, runs: 12, wrongRuns: 140 },
  { threads: 2, runs: 24, wrongRuns: 28 },
  { threads: 2, runs: 12, wrongRuns: 14 },
  { threads: 2, runs: 12, wrongRuns: 14 },
  { threads: 4, runs: 6, wrongRuns: 7 },
  { threads: 4, runs: 6, wrongRuns: 7 },
  { threads: 4, runs: 6, wrongRuns: 7 },
];

/** Errors have many ways, so models that load in milliseconds are broken in many. It comes last: it has seeds enough. */
const MANY_ERRORS = { threads: 1, runs: 0, wrongRuns: 2_100 };
const LIGHT = new Set(['digits-fp32', 'digits-int8', 'silero', 'breast-cancer']);

/** Weights in a file of their own are loaded by other functions; runs are the same. */
const MOVED_PASSES = [
  { threads: 1, runs: 6, wrongRuns: 140 },
  { threads: 2, runs: 6, wrongRuns: 14 },
  { threads: 4, runs: 3, wrongRuns: 7 },
];
const MANY_MOVED_ERRORS = { threads: 1, runs: 0, wrongRuns: 700 };

/** The twelve graphs beside our models are small. Their errors are those of the others. */
const GRAPH_PASSES = [
  { threads: 1, runs: 24, wrongRuns: 140 },
  { threads: 1, runs: 12, wrongRuns: 70 },
  { threads: 2, runs: 12, wrongRuns: 14 },
  { threads: 2, runs: 12, wrongRuns: 14 },
  { threads: 4, runs: 6, wrongRuns: 7 },
];

/** What `nearside quantize` makes of models runs as they do, or nearly so. */
const QUANTISED_PASSES = [
  { threads: 1, runs: 4, wrongRuns: 28 },
  { threads: 2, runs: 3, wrongRuns: 7 },
];

/** Small models of single operators: their errors are those of the others. */
const OPERATOR_PASSES = [
  { threads: 1, runs: 12, wrongRuns: 14 },
  { threads: 2, runs: 6, wrongRuns: 0 },
];

/** Seeds of one pass: each has its own. The bench's begin far above. */
const SEEDS = 1_000;

/** Python's modules that make the small models. */
const MODULES = ['numpy', 'onnx'];

/**
 * @param {string} dir empty folder
 * @returns {Promise<object[]>} what `operators.py` makes: `{ name, group, inputs, outputs, files }`
 */
export async function makeOperatorModels(dir) {
  await mkdir(dir, { recursive: true });
  const script = `${root}bench/slim/operators.py`;
  const { status, stderr } = spawnSync(findPython(MODULES), [script, dir], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${script} failed:\n${stderr}`);
  const models = JSON.parse(await readFile(`${dir}/models.json`, 'utf8'));
  return models.map((model) => ({ ...model, files: [`${dir}/${model.name}.onnx`] }));
}

/**
 * @param {Awaited<ReturnType<typeof openPage>>} page
 * @param {{ wasm: string, marks: object }} marked the runtime that notes what is entered
 * @param {{ name: string, model: object, passes: typeof PASSES }} what
 * @returns {Promise<{ single: Set<number>, several: Set<number> }>} functions entered on one thread, and on several
 */
export async function functionsOf(page, { wasm, marks }, { name, model, passes }) {
  const found = { single: new Set(), several: new Set() };
  for (const [i, { threads, ...counts }] of passes.entries()) {
    const jobs = await corpusJobs(model, { ...counts, from: i * SEEDS });
    const { outcomes, entered } = await page.work({ wasm, threads, marks, jobs });
    const lost = outcomes.flat().filter((each) => ['trap', 'hang', 'lost'].includes(each));
    if (lost.length > 0) console.error(`${name}, ${threads} threads: ${lost.join(', ')}`);
    for (const each of entered) found[threads === 1 ? 'single' : 'several'].add(each);
  }
  return found;
}

/** As {@link functionsOf}, of a model with its weights inside and in a file of their own. */
async function functionsOfBoth(page, marked, { name, model, passes, movedPasses, dir }) {
  const moved = await withMovedWeights(model, dir);
  const found = { single: new Set(), several: new Set() };
  for (const [suffix, each, ways] of [
    ['', model, passes],
    ['-moved', moved, movedPasses],
  ]) {
    if (!each) continue;
    const added = await page.addModel(`${name}${suffix}`, each);
    const what = { name: `${name}${suffix}`, model: added, passes: ways };
    const { single, several } = await functionsOf(page, marked, what);
    for (const one of single) found.single.add(one);
    for (const one of several) found.several.add(one);
  }
  return found;
}

async function main() {
  ensureNeeds(['chromium', ...MODULES]);
  const dir = await mkdtemp(`${tmpdir()}/nearside-profile-`);
  const full = await readFile(FULL_FILE);
  const page = await openPage(`${dir}/page`);
  const { bytes, marks } = markFunctions(full);
  const marked = { wasm: await page.addWasm('marked', bytes), marks };
  const profile = (name, model, ways) =>
    functionsOfBoth(page, marked, { name, model, dir: `${dir}/moved/${name}`, ...ways });
  const kept = await planCorpus(dir);
  const single = new Set();
  const several = new Set();
  for (const { name, model, ways } of kept) {
    const found = await profile(name, model, ways);
    for (const one of found.single) single.add(one);
    for (const one of found.several) several.add(one);
    console.error(`${name}: ${single.size} functions on one thread, ${several.size} on several`);
  }
  const candidates = { floats: [], integers: [] };
  const ways = { passes: OPERATOR_PASSES, movedPasses: OPERATOR_PASSES.slice(0, 1) };
  for (const { name, group, ...model } of await makeOperatorModels(`${dir}/operators`)) {
    const found = await profile(name, model, ways);
    const { floats, integers } = candidates;
    const among = group === 'quantised' ? integers : floats;
    among.push({ name, functions: [...found.single, ...found.several] });
  }
  // What `nearside quantize` writes is kept already: integers of other tools get the room that is left.
  const floats = chooseWhatFits(full, [...single, ...several], candidates.floats);
  const integers = chooseWhatFits(full, floats.functions, candidates.integers);
  const names = [...floats.names, ...integers.names];
  await page.close();
  await rm(dir, { recursive: true, force: true });
  const { version } = JSON.parse(
    await readFile(`${root}node_modules/onnxruntime-web/package.json`, 'utf8'),
  );
  const list = {
    version,
    sha256: sha256(full),
    models: [...kept.map(({ name }) => name), ...names],
    leftOut: [...candidates.floats, ...candidates.integers]
      .map(({ name }) => name)
      .filter((name) => !names.includes(name)),
    functions: writeRanges(integers.functions),
    threads: writeRanges([...several].filter((each) => !single.has(each))),
  };
  await writeFile(LIST_FILE, `${JSON.stringify(list, undefined, 2)}\n`);
}

/** What is in the list in any case, and how each is run. */
async function planCorpus(dir) {
  const ours = Object.entries(OUR_MODELS).map(([name, model]) => {
    const isLight = LIGHT.has(name);
    const passes = isLight ? [...PASSES, MANY_ERRORS] : PASSES;
    const movedPasses = isLight ? [...MOVED_PASSES, MANY_MOVED_ERRORS] : MOVED_PASSES;
    return { name, model, ways: { passes, movedPasses } };
  });
  const graphs = await makeCommonGraphs(`${dir}/graphs`);
  const { silero, detect, recognize } = OUR_MODELS;
  const floats = { silero, detect, recognize, 'small-transformer': graphs['small-transformer'] };
  const others = [
    [graphs, GRAPH_PASSES],
    [await quantiseAll(floats, `${dir}/quantised`), QUANTISED_PASSES],
  ].flatMap(([models, passes]) =>
    Object.entries(models).map(([name, model]) => {
      return { name, model, ways: { passes, movedPasses: passes } };
    }),
  );
  return [...ours, ...others.filter(({ model }) => !Object.values(OUR_MODELS).includes(model))];
}

if (process.argv[1] === new URL(import.meta.url).pathname) await main();
