// Small runs back to back: the library's and those of the worker written by hand, a stretch of each in turn.
import { sized } from '../sized.js';
import { INPUTS } from './inputs.js';
import { openOurs } from './ours.js';
import { openRaw } from './raw.js';

/** Runs after which the JavaScript of both sides is compiled for speed. */
const WARM_UPS = sized(1500, 5);
const RUNS = sized(100, 5);

const how = JSON.parse(new URLSearchParams(location.search).get('how'));

/** @returns pairs of stretches, in the order of the contenders: the time of each run, ms */
globalThis.measure = async (pairs) => {
  const contenders = [await openOurs(how), await openRaw(how)];
  for (const run of contenders) await runInARow(run, WARM_UPS);
  const measured = [];
  for (let i = 0; i < pairs; i += 1) {
    const stretches = [];
    for (const index of Math.random() < 0.5 ? [0, 1] : [1, 0]) {
      stretches[index] = await runInARow(contenders[index], RUNS);
    }
    measured.push(stretches);
  }
  return measured;
};

document.documentElement.dataset.state = 'ready';

async function runInARow(run, runs) {
  const times = [];
  for (let i = 0; i < runs; i += 1) {
    const inputs = INPUTS[how.model]();
    const startMs = performance.now();
    await run(inputs);
    times.push(performance.now() - startMs);
  }
  return times;
}
