import { open } from 'nearside';
import modelUrl from '../../models/digits/int8/model.onnx?url';

const WARM_UPS = 50;
const PAIRS = 400;

const { model: url, trust } = await (await fetch('/nearside.config.json')).json();
const model = await open(url, { trust, backend: 'onnx-wasm', store: 'memory' });
const reference = await openReference();
const contenders = [runNearside, runReference];

for (let i = 0; i < WARM_UPS; i += 1) for (const run of contenders) await run();
const pairs = [];
for (let i = 0; i < PAIRS; i += 1) pairs.push(await measurePair());
await model.close();
document.body.textContent = JSON.stringify({ pairs });
document.documentElement.dataset.state = 'done';

/** Both once, in an order drawn anew; [nearside, reference] in ms. */
async function measurePair() {
  const order = Math.random() < 0.5 ? [0, 1] : [1, 0];
  const times = [];
  for (const index of order) {
    const start = performance.now();
    await contenders[index]();
    times[index] = performance.now() - start;
  }
  return times;
}

async function runNearside() {
  const pixel_values = { datatype: 'FP32', shape: [1, 1, 28, 28], data: freshPixels() };
  await model.run({ tensors: { pixel_values } }, { transfer: true });
}

function runReference() {
  const pixels = freshPixels();
  return new Promise((resolve) => {
    reference.onmessage = resolve;
    reference.postMessage({ pixels }, [pixels.buffer]);
  });
}

function freshPixels() {
  return Float32Array.from({ length: 784 }, (_, i) => (i % 28) / 28);
}

async function openReference() {
  const worker = new Worker(new URL('./reference-worker.js', import.meta.url), { type: 'module' });
  const bytes = new Uint8Array(await (await fetch(modelUrl)).arrayBuffer());
  await new Promise((resolve) => {
    worker.onmessage = resolve;
    worker.postMessage({ model: bytes });
  });
  return worker;
}
