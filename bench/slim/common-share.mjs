import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { root } from '../../scripts/root.mjs';
import { FULL_FILE, makeCommon, readList } from '../../scripts/slim/make-common.mjs';
import { row } from '../row.mjs';
import { sized } from '../sized.js';
import { openPage } from './chromium-page.mjs';
import { makeCommonGraphs } from './common-graphs.mjs';
import { drawn } from './corpus.mjs';
import { withMovedWeights } from './models.mjs';

/** Above all seeds of the corpus. */
const SEEDS = 2_000_000;

/** For each form of a graph, on each number of threads. */
const RUNS = sized(4);
const THREADS = [1, 2];

/** Outputs were hashed, and not an error told. */
const ANSWER = /^[0-9a-f]{32}$/;

/**
 * The share of the twelve graphs that the common file of ONNX Runtime is enough for: with their weights inside and in a
 * file beside them they give the same bits as in the full file. Each has a row with the bytes of its file, gzip.
 *
 * @param {string} dir empty folder to work in
 */
export async function* commonShare(dir) {
  const full = await readFile(FULL_FILE);
  const page = await openPage(`${dir}/page`);
  const files = {
    full: await page.addWasm('full', full),
    common: await page.addWasm('common', makeCommon(full, await readList())),
  };
  const graphs = Object.entries(await makeCommonGraphs(`${dir}/graphs`));
  let enough = 0;
  for (const [name, graph] of graphs) {
    const [file] = graph.files;
    const bytes = await readFile(file.startsWith('/') ? file : root + file);
    const moved = await withMovedWeights(graph, `${dir}/moved/${name}`);
    const inside = await runsInCommon(page, files, await page.addModel(name, graph));
    const beside =
      !moved || (await runsInCommon(page, files, await page.addModel(`${name}-moved`, moved)));
    const isEnough = inside && beside;
    if (isEnough) enough += 1;
    const unit = `of 1, ${gzipSync(bytes, { level: 9 }).length} bytes`;
    yield row(`runs-in-common, ${name}`, { value: Number(isEnough), unit });
  }
  await page.close();
  yield row('common-share', {
    value: enough / graphs.length,
    unit: `of ${graphs.length} graphs`,
    atLeast: 0.75,
  });
}

async function runsInCommon(page, files, model) {
  const jobs = [{ model, runs: drawn(RUNS, SEEDS) }];
  for (const threads of THREADS) {
    const expected = (await page.work({ wasm: files.full, threads, jobs })).outcomes.flat();
    const got = (await page.work({ wasm: files.common, threads, jobs })).outcomes.flat();
    const isSame = expected.every((answer, i) => ANSWER.test(answer) && got[i] === answer);
    if (!isSame || got.length !== RUNS) return false;
  }
  return true;
}
