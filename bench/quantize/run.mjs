import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { root } from '../../scripts/root.mjs';
import { buildPage } from '../build-page.mjs';
import { row } from '../row.mjs';
import { sized } from '../sized.js';
import { commonShare } from '../slim/common-share.mjs';
import { timeForms } from './beside.mjs';
import { falsePass } from './false-pass.mjs';
import { firstText } from './first-text.mjs';
import { gateRows } from './gate.mjs';
import { copyFloats, fileOf, gzipBytes } from './models.mjs';

/** Pairs of visits. */
const PAIRS = sized(5);

/** What models are given while they are timed, as `draw.js` draws it, and in how many pairs. */
const TIMED = {
  recognize: { inputs: { x: ['FP32', [1, 3, 48, 320]] }, runs: sized(60) },
  detect: { inputs: { x: ['FP32', [1, 3, 480, 640]] }, runs: sized(30) },
  voice: {
    inputs: {
      input: ['FP32', [1, 576]],
      state: ['FP32', [2, 1, 128]],
      sr: ['INT64', [], [16_000, 16_001, true]],
    },
    runs: sized(400),
  },
};

const LIMITS = { run: 1.03, session: 1.1 };

/**
 * What quantising gains and costs: bytes, runs, sessions, memory, a first visit, and whether the gate is right.
 *
 * @param {string} dir empty folder to work in
 * @param {{ trials?: number }} [options] pairs of visits
 */
export async function* runSuite(dir, { trials = PAIRS } = {}) {
  yield await falsePass();
  const siteDir = `${dir}/page`;
  await buildPage(import.meta.url, siteDir, ['index', 'beside']);
  const floats = {
    ocr: await copyFloats('ocr', `${dir}/floats/ocr`),
    voice: await copyFloats('voice', `${dir}/floats/voice`),
  };
  const { quantize } = await import('@nearside/publisher');
  const formats = ['int8', 'int8-lean', 'int8-dynamic'];
  const forms = { ocr: `${dir}/forms/ocr`, voice: `${dir}/forms/voice` };
  await mkdir(`${dir}/forms`);
  await quantize({ source: floats.ocr, out: forms.ocr, formats });
  await quantize({ source: floats.voice, out: forms.voice });
  const [small, whole] = [await gzipBytes(forms.ocr, 'int8'), await gzipBytes(forms.ocr, 'fp32')];
  yield row('ocr-int8-bytes-ratio', { value: small / whole, unit: '', atMost: 0.27 });
  yield leanHeap(forms.ocr);
  yield* commonShare(`${dir}/share`);
  yield* timeForms({ dir: `${dir}/moved`, siteDir }, await timedCases(forms));
  yield* gateRows(dir, floats);
  yield await firstText(`${dir}/visits`, {
    siteDir,
    models: { small: `${dir}/small/ocr`, floats: floats.ocr },
    trials,
  });
}

async function timedCases(forms) {
  const cases = [];
  for (const stage of ['recognize', 'detect']) {
    const files = [await fileOf(forms.ocr, 'int8', stage), await fileOf(forms.ocr, 'fp32', stage)];
    cases.push({ name: stage, files, ...TIMED[stage], limits: LIMITS });
  }
  const voice = [await fileOf(forms.voice, 'int8'), await fileOf(forms.voice, 'fp32')];
  cases.push({ name: 'voice', files: voice, ...TIMED.voice, limits: LIMITS });
  const dynamic = [
    await fileOf(forms.ocr, 'int8-dynamic', 'recognize'),
    await fileOf(forms.ocr, 'fp32', 'recognize'),
  ];
  const limits = { prefix: 'int8-dynamic' };
  return [...cases, { name: 'recognize', files: dynamic, ...TIMED.recognize, limits }];
}

/** What the two add to the heap of a runtime that has run next to nothing. */
function leanHeap(directory) {
  const before = heapOf(`${root}models/breast-cancer`, 'fp32');
  const [lean, int8] = ['int8-lean', 'int8'].map((name) => heapOf(directory, name) - before);
  console.error(`heap: int8-lean adds ${lean} bytes, int8 ${int8}`);
  return row('lean-heap-ratio', { value: lean / int8, unit: '', atMost: 0.4 });
}

/** As `pack` measures it: after the golden cases, on one thread, bytes. */
function heapOf(directory, variant) {
  const script = `${root}packages/nearside/dist/worker/try-common.js`;
  const words = [script, directory, variant, 'full'];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${variant} of ${directory}: ${stderr.trim()}`);
  return Number(stdout.trim());
}
