// The page's own rows, without its page: `bench/page/src` has the peers.
import { compare } from '../compare.js';
import { CONTENDERS } from '../page/src/contenders/all.ts';
import { copyOf } from '../page/src/models/bench-model.ts';
import { OFFERED } from '../page/src/models/offered.ts';
import { describeProblem } from '../page/src/problem.ts';
import { openMedium } from '../runtime/medium.js';
import { sized } from '../sized.js';
import { watchSmoothness } from '../smoothness.js';
import { measurePhoto } from './photo.js';

const OCR = { pairs: sized(100), warmUps: sized(15) };
const TOGETHER = 64;
const TOGETHER_PAIRS = { pairs: sized(100), warmUps: sized(30) };
const STRETCH_MS = sized(5_000, 300);
/** A busy machine may hold a page once: the median counts. */
const STRETCHES = sized(3);
const OURS = 'nearside-onnx-wasm';
const FREE = 'ort-worker';

globalThis.measurePhoto = measurePhoto;

globalThis.measureOcr = async () => {
  const { run, runReference, close, threads } = await openMedium();
  const pairs = await compare([run, runReference], OCR);
  await close();
  return { pairs, threads };
};

/** Five seconds of the OCR recogniser, back to back, with everybody who runs it: how long the main thread was held. */
globalThis.measureBlocking = async () => {
  const model = await load('ocr-recogniser');
  return forEach(model, async (run) => {
    await run();
    const blockingMs = [];
    for (let i = 0; i < STRETCHES; i += 1) {
      const endMs = performance.now() + STRETCH_MS;
      const seen = await watchSmoothness(async () => {
        while (performance.now() < endMs) await run();
      });
      blockingMs.push(seen.blockingMs);
    }
    return blockingMs;
  });
};

/** Pairs of times, ms, of 64 digits that are asked for at once: ours, and everybody else's, one after another. */
globalThis.measureConcurrent = async () => {
  const model = await load('digits');
  const ours = await open(model, OURS);
  const seen = await forEach(
    model,
    async (run) => compare([() => together(ours.run), () => together(run)], TOGETHER_PAIRS),
    ({ isPeer }) => isPeer,
  );
  await ours.close();
  return seen;
};

globalThis.names = { ours: OURS, free: FREE };
document.documentElement.dataset.state = 'ready';

function load(id) {
  return OFFERED.find((offered) => offered.id === id).load(new AbortController().signal);
}

function together(run) {
  return Promise.all(Array.from({ length: TOGETHER }, run));
}

/** @returns by contender's id what was measured, or the problem why not */
async function forEach(model, measure, isWanted = () => true) {
  const seen = {};
  for (const contender of CONTENDERS.filter(
    (each) => isWanted(each) && isOnCpu(each) && !each.unfit(model),
  )) {
    try {
      const { run, close } = await open(model, contender.id);
      seen[contender.id] = { place: contender.place, measured: await measure(run) };
      await close();
    } catch (error) {
      seen[contender.id] = { place: contender.place, problem: describeProblem(error).message };
    }
  }
  return seen;
}

/** A GPU may be a software one here; the signed copy is of `open`, which has suites of its own. */
function isOnCpu({ id }) {
  return !id.includes('webgpu') && id !== 'nearside-verified' && id !== 'tfjs';
}

async function open(model, id) {
  const contender = CONTENDERS.find((each) => each.id === id);
  const threads = Math.min(4, navigator.hardwareConcurrency);
  const { signal } = new AbortController();
  const prepared = await contender.prepare(model, { threads, signal });
  const made = model.sample(1);
  return { run: () => prepared.run(copyOf(made)), close: () => prepared.dispose() };
}
