import { open } from 'nearside';
import modelUrl from '../../models/digits/int8/model.onnx?url';
import { compare } from '../compare.js';
import { sized } from '../sized.js';
import { measureMedium } from './medium.js';
import { openReference } from './open-reference.js';
import { measureTrack } from './track.js';

const WARM_UPS = sized(50);
/** Calls after which the JavaScript of both sides is compiled for speed: more change the median no more. */
const STEADY_WARM_UPS = sized(300);
const PAIRS = sized(400);
const BATCH = 64;
const BATCH_PAIRS = sized(200);

const { model: url, trust } = await (await fetch('/nearside.config.json')).json();
const model = await open(url, { trust, backend: 'onnx-wasm', store: 'memory' });
const ask = await openReference(modelUrl, model.stats().threads);

/** Read as it comes: what fails later loses none of it. */
const measured = {};
globalThis.measured = measured;

const many = { pairs: BATCH_PAIRS, warmUps: WARM_UPS };
measured.early = await compare([runNearside, runReference], { pairs: PAIRS, warmUps: WARM_UPS });
const steady = { pairs: PAIRS, warmUps: STEADY_WARM_UPS };
measured.small = await compare([runNearside, runReference], steady);
measured.together = await compare([runTogether, runReferenceBatch], many);
measured.sequential = await compare([runTogether, runReferenceOneByOne], many);
measured.track = await measureTrack(model, runNearside, steady);
await model.close();
await measureMedium(measured);

/** 64 calls at once: the library makes batches of them. */
async function runTogether() {
  await Promise.all(Array.from({ length: BATCH }, runNearside));
}

/** What somebody would write who knows that 64 come together. */
function runReferenceBatch() {
  const values = new Float32Array(BATCH * 784);
  for (let i = 0; i < BATCH; i += 1) values.set(freshPixels(), i * 784);
  return ask({ values, dims: [BATCH, 1, 28, 28] });
}

/** 64 messages posted at once, each run by itself. */
function runReferenceOneByOne() {
  return ask(...Array.from({ length: BATCH }, oneDigit));
}

async function runNearside() {
  const pixel_values = { datatype: 'FP32', shape: [1, 1, 28, 28], data: freshPixels() };
  await model.run({ tensors: { pixel_values } }, { transfer: true });
}

function runReference() {
  return ask(oneDigit());
}

function oneDigit() {
  return { values: freshPixels(), dims: [1, 1, 28, 28] };
}

function freshPixels() {
  return Float32Array.from({ length: 784 }, (_, i) => (i % 28) / 28);
}
