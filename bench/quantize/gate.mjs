import { cp, mkdir, readFile } from 'node:fs/promises';
import { row } from '../row.mjs';
import { sized } from '../sized.js';
import { tellNowAndThen } from '../turns.mjs';
import { addVariants, gzipBytes, runPython } from './models.mjs';

const LINES = sized(300, 10);
const RECORDINGS = sized(300, 10);
const MAX_LOSS = 0.02;

/** Python's ways to make a model small. */
const WAYS = ['dynamic-all', 'static', 'dynamic-matmul'];
const FOUR_BITS = 'four-bits';

/** What the gate says of each, and what the search for half floats and Python's quantiser come to. */
export async function* gateRows(dir, floats) {
  await mkdir(`${dir}/small`);
  runPython('items.py', ['lines', `${dir}/lines`, String(LINES)]);
  const ocr = await quantizeGated(floats.ocr, `${dir}/small/ocr`, `${dir}/lines`);
  yield row('ocr-search-and-gate-minutes', { value: ocr.minutes, unit: 'min', atMost: 15 });
  const ranking = await rankingMinutes(floats.ocr, `${dir}/lines`);
  yield row('ocr-ranking-minutes', { value: ranking, unit: 'min' });
  runPython('items.py', ['recordings', `${dir}/recordings`, String(RECORDINGS)]);
  const voice = await quantizeGated(floats.voice, `${dir}/small/voice`, `${dir}/recordings`);
  const [small, whole] = [
    await gzipBytes(`${dir}/small/voice`, 'int8'),
    await gzipBytes(`${dir}/small/voice`, 'fp32'),
  ];
  yield row('voice-bytes-ratio', { value: small / whole, unit: '', atMost: 0.35 });
  const others = await judgeOthers(dir, `${dir}/lines`);
  yield verdictRow('OCR int8', ocr.verdict, 'passed');
  yield verdictRow('OCR all dynamic', others['dynamic-all'], 'refused');
  yield verdictRow('OCR 4 bits', others[FOUR_BITS], 'not passed');
  yield verdictRow('voice all int8', voice.isSearched ? 'not passed' : voice.verdict, 'not passed');
  yield verdictRow('voice after the search', voice.verdict, 'passed');
  yield await versusPython(dir, others);
}

/** Makes int8 that passes: with some tensors as half floats where it has to. */
async function quantizeGated(source, out, folder) {
  const { quantize } = await import('@nearside/publisher');
  const steps = [];
  const startMs = performance.now();
  const gate = {
    folder,
    maxLoss: MAX_LOSS,
    onProgress: tellAsked(),
    onStep(sentence) {
      console.error(sentence);
      steps.push(sentence);
    },
  };
  const { evaluation } = await quantize({ source, out, formats: ['int8'], gate });
  const minutes = (performance.now() - startMs) / 60_000;
  const { verdict, loss, low, high, items } = evaluation.variants.int8;
  console.error(`${source}: ${verdict}, ${loss} (${low} to ${high}) of ${items}`);
  return { verdict, isSearched: steps.length > 0, minutes };
}

function tellAsked() {
  const say = tellNowAndThen();
  return ({ variant, done, total }) => say(`${variant}: ${done} of ${total} items`);
}

/** How long it takes to rank the tensors of a model, which a search begins with. */
async function rankingMinutes(directory, folder) {
  const { rankTensors } = await import('../../packages/publisher/dist/quantizing/rank-tensors.js');
  const { quantizeVariant } = await import(
    '../../packages/publisher/dist/quantizing/quantize-variant.js'
  );
  const { readItems } = await import(
    '../../packages/publisher/dist/evaluating/items/read-items.js'
  );
  const { parseModelSpec } = await import('@nearside/core');
  const spec = parseModelSpec(JSON.parse(await readFile(`${directory}/model.json`, 'utf8')));
  const [variant] = spec.variants;
  const options = { format: 'int8', keep: new Set() };
  const { tensors } = await quantizeVariant(directory, variant, options);
  const names = [...new Set(tensors.map(({ name }) => name))].slice(0, MOST_RANKED);
  const items = (await readItems(folder, spec)).slice(0, RANKED_BY);
  const inputs = await Promise.all(items.map((item) => item.readInput()));
  const startMs = performance.now();
  await rankTensors(directory, variant, { ...options, tensors: names, inputs });
  return (performance.now() - startMs) / 60_000;
}

/** As many as a search takes. */
const RANKED_BY = sized(4);
const MOST_RANKED = sized(Infinity, 2);

/** @returns the verdict on each of the other ways to make OCR small */
async function judgeOthers(dir, folder) {
  const { evaluate } = await import('@nearside/publisher');
  runPython('by_python.py', [`${dir}/ways`]);
  const directory = `${dir}/others`;
  await cp(`${dir}/small/ocr`, directory, { recursive: true });
  const names = [...WAYS, FOUR_BITS];
  await addVariants(directory, `${dir}/ways`, names);
  const options = {
    directory,
    folder,
    maxLoss: MAX_LOSS,
    variants: names,
    corruptions: false,
    onProgress: tellAsked(),
  };
  const { variants } = await evaluate(options);
  for (const [name, { verdict, loss, low, high, items }] of Object.entries(variants))
    console.error(`${name}: ${verdict}, ${loss} (${low} to ${high}) of ${items}`);
  return Object.fromEntries(Object.entries(variants).map(([name, { verdict }]) => [name, verdict]));
}

/** @param {string} expected a verdict, or `not passed` */
function verdictRow(what, verdict, expected) {
  const isSo = expected === 'not passed' ? verdict !== 'passed' : verdict === expected;
  return row(`gate-verdicts, ${what} is ${expected}`, {
    value: Number(isSo),
    unit: verdict,
    atLeast: 1,
  });
}

/** Ours beside the smallest of Python's that passes; without any beside the floats. */
async function versusPython(dir, verdicts) {
  const directory = `${dir}/others`;
  const sizes = [];
  for (const name of [...WAYS, 'fp32']) {
    const bytes = await gzipBytes(directory, name);
    console.error(`${name}: ${bytes} bytes, ${verdicts[name] ?? 'compared with'}`);
    if (name === 'fp32' || verdicts[name] === 'passed') sizes.push(bytes);
  }
  const value = (await gzipBytes(directory, 'int8')) / Math.min(...sizes);
  return row('bytes-vs-python-ratio', { value, unit: '', atMost: 0.5 });
}
