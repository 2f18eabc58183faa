import { open } from 'nearside';
import { callKinds } from './call-kinds.js';
import { createLedger } from './ledger.js';

const { model: url, trust } = await (await fetch('/nearside.config.json')).json();
const model = await open(url, { trust, backend: 'onnx-wasm' });
const ledger = createLedger();

/** Calls start in bursts, as when people scroll; ms between two. */
const BURST_EVERY_MS = 100;
/** A second model comes and goes beside it, ms. */
const VISITOR_EVERY_MS = 5000;

/** A camera's frames, ms between two. */
const FRAME_EVERY_MS = 16;

let timers = [];
let isOver = false;
let frames = 0;

globalThis.soak = {
  /** Runs per second with 32 callers that each wait for their answer. */
  async measureCapacity() {
    const endMs = performance.now() + 3000;
    let runs = 0;
    const caller = async () => {
      while (performance.now() < endMs) {
        await model.run(callKinds.oneStroke());
        runs += 1;
      }
    };
    const startMs = performance.now();
    await Promise.all(Array.from({ length: 32 }, caller));
    return (runs * 1000) / (performance.now() - startMs);
  },

  /** @param {number} rate calls per second */
  start(rate) {
    let owed = 0;
    const burst = () => {
      // Between none and twice what is due: bursts, not a drip.
      owed += rate * (BURST_EVERY_MS / 1000);
      const size = Math.max(0, Math.round(owed * 2 * Math.random()));
      owed -= size;
      for (let i = 0; i < size; i += 1) callKinds.any()(model, ledger);
    };
    timers = [
      setInterval(burst, BURST_EVERY_MS),
      setInterval(() => ledger.watch('visitor', visit()), VISITOR_EVERY_MS),
    ];
    ledger.watch('camera', readAll(camera(), { backpressure: 'drop-oldest' }));
    ledger.watch('film', readAll(film(), { backpressure: 'wait', priority: 'background' }));
  },

  counts: () => ({ ...ledger.counts(), frames }),

  /** Stops the load and waits for what is under way. */
  async stop(limitMs) {
    for (const timer of timers) clearInterval(timer);
    isOver = true;
    await ledger.settled(limitMs);
    return { ...ledger.counts(), frames };
  },

  async nextGoodCall() {
    const { output } = await model.run(callKinds.oneStroke());
    return output[0].label;
  },

  close: () => model.close(),

  async memoryBytes() {
    const { bytes } = await performance.measureUserAgentSpecificMemory();
    return bytes;
  },
};

/** Frames when they come, whoever is ready for them. */
async function* camera() {
  while (!isOver) {
    await new Promise((resolve) => setTimeout(resolve, FRAME_EVERY_MS));
    yield callKinds.oneStroke();
  }
}

/** Frames when they are asked for. */
async function* film() {
  while (!isOver) yield callKinds.oneStroke();
}

/** @returns whether every frame was read as the one it is, and in its order */
async function readAll(source, options) {
  let last = -1;
  let isRight = true;
  for await (const { index, output, error } of model.stream(source, {
    ...options,
    onError: 'skip',
  })) {
    frames += 1;
    if (error)
      isRight &&= error.code !== undefined; // the queue is full now and then
    else isRight &&= output[0].label === '1' && index > last;
    last = index;
  }
  return isRight;
}

/** Opens the same model on the other runtime, uses it and closes it. */
async function visit() {
  const visitor = await open(url, { trust, backend: 'tfjs-wasm' });
  const { output } = await visitor.run(callKinds.oneStroke());
  await visitor.close();
  return output[0].label === '1';
}
