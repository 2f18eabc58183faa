import { open } from 'nearside';
import modelUrl from '../../models/digits/int8/model.onnx?url';

const WARM_UPS = 50;
const PAIRS = 400;
const BATCH = 64;
const BATCH_PAIRS = 200;

const { model: url, trust } = await (await fetch('/nearside.config.json')).json();
const model = await open(url, { trust, backend: 'onnx-wasm', store: 'memory' });
const reference = await openReference();

const small = await compare([runNearside, runReference], PAIRS);
const together = await compare([runTogether, runReferenceBatch], BATCH_PAIRS);
const sequential = await compare([runTogether, runReferenceOneByOne], BATCH_PAIRS);
await model.close();
document.body.textContent = JSON.stringify({ small, together, sequential });
document.documentElement.dataset.state = 'done';

/** Pairs of times in ms, in an order drawn anew for each: [nearside, reference]. */
async function compare(contenders, pairs) {
  for (let i = 0; i < WARM_UPS; i += 1) for (const run of contenders) await run();
  const measured = [];
  for (let i = 0; i < pairs; i += 1) {
    const order = Math.random() < 0.5 ? [0, 1] : [1, 0];
    const times = [];
    for (const index of order) {
      const start = performance.now();
      await contenders[index]();
      times[index] = performance.now() - start;
    }
    measured.push(times);
  }
  return measured;
}

/** 64 calls at once: the library makes batches of them. */
async function runTogether() {
  await Promise.all(Array.from({ length: BATCH }, runNearside));
}

/** What somebody would write who knows that 64 come together. */
function runReferenceBatch() {
  const pixels = new Float32Array(BATCH * 784);
  for (let i = 0; i < BATCH; i += 1) pixels.set(freshPixels(), i * 784);
  return ask(pixels);
}

/** 64 messages posted at once, each run by itself. */
function runReferenceOneByOne() {
  return new Promise((resolve) => {
    let answers = 0;
    reference.onmessage = () => {
      answers += 1;
      if (answers === BATCH) resolve();
    };
    for (let i = 0; i < BATCH; i += 1) {
      const pixels = freshPixels();
      reference.postMessage({ pixels }, [pixels.buffer]);
    }
  });
}

async function runNearside() {
  const pixel_values = { datatype: 'FP32', shape: [1, 1, 28, 28], data: freshPixels() };
  await model.run({ tensors: { pixel_values } }, { transfer: true });
}

function runReference() {
  return ask(freshPixels());
}

function ask(pixels) {
  return new Promise((resolve) => {
    reference.onmessage = resolve;
    reference.postMessage({ pixels }, [pixels.buffer]);
  });
}

function freshPixels() {
  return Float32Array.from({ length: 784 }, (_, i) => (i % 28) / 28);
}

/** With as many threads as the library has taken. */
async function openReference() {
  const worker = new Worker(new URL('./reference-worker.js', import.meta.url), { type: 'module' });
  const bytes = new Uint8Array(await (await fetch(modelUrl)).arrayBuffer());
  await new Promise((resolve) => {
    worker.onmessage = resolve;
    worker.postMessage({ model: bytes, threads: model.stats().threads });
  });
  return worker;
}
