// What marks cost: the same library in the same page, with marks and without.
import { open } from 'nearside';
import { compare } from '../compare.js';
import { sized } from '../sized.js';

/** Runs of one stretch: long enough for the page's clock. */
const RUNS = sized(50, 5);

/** Half of what a visitor waits between two runs, ms: the models are run in turns. */
const HALF_PAUSE_MS = sized(750, 50);

const QUIET = { tune: 'off', policy: { update: 'manual' } };

Object.assign(globalThis, { openOnce, backToBack, paused });
document.documentElement.dataset.state = 'ready';

/** @returns how long `open` took, ms */
async function openOnce({ url, trust, isMarked }) {
  const startMs = performance.now();
  const model = await openAs(isMarked, { url, trust });
  const tookMs = performance.now() - startMs;
  await model.close();
  return tookMs;
}

/** @returns {Promise<number[][]>} times of stretches, ms: marked, unmarked */
async function backToBack({ pairs, ...address }) {
  const contenders = await openBoth(address);
  return compare(
    contenders.map((model) => async () => {
      for (let i = 0; i < RUNS; i += 1) await model.run(pixels());
    }),
    { pairs, warmUps: 20 },
  );
}

/** @returns {Promise<number[][]>} times of single runs, ms: marked, unmarked */
async function paused({ pairs, ...address }) {
  const contenders = await openBoth(address);
  const measured = [];
  for (let i = 0; i < pairs; i += 1) {
    const times = [];
    for (const model of contenders) {
      await new Promise((resolve) => setTimeout(resolve, HALF_PAUSE_MS));
      const startMs = performance.now();
      await model.run(pixels());
      times.push(performance.now() - startMs);
    }
    measured.push(times);
  }
  return measured;
}

async function openBoth({ isMarkedFirst, ...address }) {
  const first = await openAs(isMarkedFirst, address);
  const second = await openAs(!isMarkedFirst, address);
  return isMarkedFirst ? [first, second] : [second, first];
}

/** A page that has no locks marks nothing, as in a sandboxed frame. */
async function openAs(isMarked, { url, trust }) {
  const { locks } = navigator;
  const hide = (value) => Object.defineProperty(navigator, 'locks', { value, configurable: true });
  if (!isMarked) hide(undefined);
  const model = await open(url, { trust, ...QUIET });
  hide(locks);
  return model;
}

function pixels() {
  const data = new Float32Array(784).fill(0.5);
  return { tensors: { pixel_values: { datatype: 'FP32', shape: [1, 1, 28, 28], data } } };
}
