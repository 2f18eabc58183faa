import { createEngine } from 'nearside';
import modelUrl from '../../models/digits/int8/model.onnx?url';
import { sized } from '../sized.js';
import { openReference } from './open-reference.js';

const ROUNDS = sized(9);
const CALLS_PER_ROUND = sized(40, 5);
/** Items of one run of the model that floods: some tens of milliseconds. */
const FLOOD_ITEMS = 64;
/** Calls of it that wait or run at any time. */
const FLOOD = 8;

const { model: url, trust } = await (await fetch('/nearside.config.json')).json();
const options = { trust, backend: 'onnx-wasm', policy: { update: 'manual' } };

/** Called by name, from outside. */
Object.assign(globalThis, {
  isolation,
  openAndClose,
  openAndCloseReference,
  memoryBytes,
  bitsOfRuns,
});
document.documentElement.dataset.state = 'ready';

/**
 * Times of a model's interactive calls, alone and while another in the same worker is flooded.
 *
 * @returns {Promise<{ alone: number[], flooded: number[], floodRuns: number[] }[]>} ms, per round
 */
async function isolation() {
  const engine = createEngine();
  const [patient, flooding] = await Promise.all([
    engine.open(url, options),
    engine.open(url, options),
  ]);
  if (engine.stats().workers.length !== 1) throw new Error('expected one worker for both models');
  const rounds = [];
  for (let i = 0; i <= ROUNDS; i += 1) {
    const alone = await timeCalls(patient);
    const flood = startFlood(flooding);
    const flooded = await timeCalls(patient);
    rounds.push({ alone, flooded, floodRuns: await flood.stop() });
  }
  await engine.close();
  return rounds.slice(1); // the first warms up
}

async function timeCalls(model) {
  const times = [];
  for (let i = 0; i < CALLS_PER_ROUND; i += 1) {
    const start = performance.now();
    await model.run(pixels(1), { priority: 'interactive' });
    times.push(performance.now() - start);
  }
  return times;
}

/** @returns a flood whose `stop` gives how long each of its runs took, ms */
function startFlood(model) {
  const runs = [];
  let isOver = false;
  const callers = Array.from({ length: FLOOD }, async () => {
    while (!isOver) runs.push((await model.run(pixels(FLOOD_ITEMS))).meta.runMs);
  });
  return {
    async stop() {
      isOver = true;
      await Promise.all(callers);
      return runs;
    },
  };
}

async function openAndClose(times) {
  for (let i = 0; i < times; i += 1) {
    const engine = createEngine();
    const model = await engine.open(url, options);
    await model.run(pixels(1));
    await model.close();
  }
}

/** The same work with the worker written by hand. */
async function openAndCloseReference(times) {
  for (let i = 0; i < times; i += 1) {
    const ask = await openReference(modelUrl, navigator.hardwareConcurrency);
    await ask({ values: new Float32Array(784), dims: [1, 1, 28, 28] });
    ask.terminate();
  }
}

/** @returns {Promise<number[]>} bytes, each after a collection */
async function memoryBytes(times) {
  const measured = [];
  for (let i = 0; i < times; i += 1) {
    globalThis.gc();
    measured.push((await performance.measureUserAgentSpecificMemory()).bytes);
  }
  return measured;
}

/** @returns {Promise<string[]>} the output of each run, bit for bit */
async function bitsOfRuns(runs) {
  const engine = createEngine({ workers: 2 });
  const model = await engine.open(url, options);
  while (model.stats().workers < 2) await model.run(pixels(1));
  const bits = await Promise.all(
    Array.from({ length: runs }, async () => {
      const { output } = await model.run(pixels(3)); // several items: never batched with others
      return [...new Uint32Array(output.tensors.logits.data.slice().buffer)].join();
    }),
  );
  await engine.close();
  return bits;
}

/** The same each time: making it takes longer than running it. */
const inputs = new Map();

function pixels(items) {
  const made = inputs.get(items) ?? makePixels(items);
  inputs.set(items, made);
  return made;
}

function makePixels(items) {
  const data = Float32Array.from({ length: items * 784 }, (_, i) => (i % 29) / 29);
  return { tensors: { pixel_values: { datatype: 'FP32', shape: [items, 1, 28, 28], data } } };
}
