import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { readRanges } from '../../scripts/slim/function-list.mjs';
import { keepFunctions } from '../../scripts/slim/keep-functions.mjs';
import { FULL_FILE, makeCommon, readList } from '../../scripts/slim/make-common.mjs';
import { row } from '../row.mjs';
import { sized } from '../sized.js';
import { openPage } from './chromium-page.mjs';
import { commonShare } from './common-share.mjs';
import { compareFiles } from './compare-files.mjs';
import { drawn, spoiled } from './corpus.mjs';
import { leaveOut } from './leave-out.mjs';
import { asPublished, OUR_MODELS, UNSEEN_MODELS } from './models.mjs';
import { timeBeside } from './time-beside.mjs';
import { withoutOneEach } from './without-one-each.mjs';

/** Above all seeds of the corpus. */
const SEEDS = 1_000_000;

/** Above those too by which gaps of the corpus were once found, and closed. */
const WRONG_SEEDS = 5_000_000;

/** Drawn inputs: 10,000 in all. Those of OCR take a hundred times as long as the others. */
const RUNS = {
  'digits-fp32': sized(2_700),
  'digits-int8': sized(2_700),
  silero: sized(2_000),
  'breast-cancer': sized(2_300),
  detect: sized(150),
  recognize: sized(150),
};

/** Wrong ones: 1,000 in all. */
const WRONG_RUNS = {
  'digits-fp32': sized(220),
  'digits-int8': sized(220),
  silero: sized(220),
  'breast-cancer': sized(220),
  detect: sized(60),
  recognize: sized(60),
};

const UNSEEN_RUNS = sized(8);
const THREADS = [1, 2];
const PAIRS = sized(10);

/**
 * The runtime with common functions alone, beside the whole one: size, bits, traps, and time.
 *
 * @param {string} dir empty folder to work in
 * @param {{ trials?: number }} [options] pairs of visits that are timed
 */
export async function* runSuite(dir, { trials = PAIRS } = {}) {
  yield* commonShare(`${dir}/share`);
  const full = await readFile(FULL_FILE);
  const list = await readList();
  const common = makeCommon(full, list);
  const page = await openPage(`${dir}/page`);
  const files = {
    full: await page.addWasm('full', full),
    common: await page.addWasm('common', common),
  };
  const models = {};
  for (const [name, model] of Object.entries({ ...OUR_MODELS, ...UNSEEN_MODELS }))
    models[name] = await page.addModel(name, await asPublished(model, `${dir}/moved/${name}`));

  yield row('common-wasm-gzip-bytes', {
    value: gzipSync(common, { level: 9 }).length,
    unit: 'bytes',
    atMost: 1_600_000,
  });
  yield row('full-wasm-gzip-bytes', { value: gzipSync(full, { level: 9 }).length, unit: 'bytes' });
  const bench = { page, files, models };
  const random = await compareAll(bench, RUNS, drawn, { seeds: SEEDS });
  yield* rows('random', random, { traps: 0 });
  const wrong = await compareAll(bench, WRONG_RUNS, spoiled, { seeds: WRONG_SEEDS });
  yield* rows('wrong', wrong, { traps: 0.002 });
  const unseenRuns = Object.fromEntries(
    Object.keys(UNSEEN_MODELS).map((name) => [name, UNSEEN_RUNS]),
  );
  const unseen = await compareAll(bench, unseenRuns, drawn, { seeds: SEEDS, threadCounts: [1] });
  yield* rows('unseen', unseen, {});
  const heldOut = await leaveOut(page, { full, wasm: files.full, models, seeds: SEEDS });
  yield* rows('held-out', heldOut, {});
  const kept = readRanges(list.functions);
  const single = await withoutOneEach(page, {
    functions: readRanges(list.threads),
    make: (left) =>
      keepFunctions(
        full,
        kept.filter((each) => each !== left),
      ),
    wasm: files.full,
    model: models['digits-fp32'],
    runs: drawn(4, SEEDS),
  });
  yield* rows('thread-function-removed', single, {});
  yield* await timeBeside(page.url, { files, models, pairs: trials });
  await page.close();
}

/** @returns {Promise<ReturnType<typeof compareFiles>>} the counts of all models together */
async function compareAll(
  { page, files, models },
  counts,
  draw,
  { seeds, threadCounts = THREADS },
) {
  const all = { inputs: 0, different: 0, traps: 0 };
  for (const [name, count] of Object.entries(counts)) {
    const share = Math.ceil(count / threadCounts.length);
    for (const [i, threads] of threadCounts.entries()) {
      const runs = draw(share, seeds + i * share);
      const found = await compareFiles(page, { files, threads, model: models[name], runs });
      console.error(`${name}, ${threads} threads: ${JSON.stringify(found)}`);
      for (const key of Object.keys(all)) all[key] += found[key];
    }
  }
  return all;
}

function rows(name, { inputs, different, traps }, limits) {
  return [
    row(`different-bits, ${name}`, { value: different, unit: `of ${inputs}`, atMost: 0 }),
    row(`trap-share, ${name}`, {
      value: traps / inputs,
      unit: `of ${inputs}`,
      atMost: limits.traps,
    }),
  ];
}
