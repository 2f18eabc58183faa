// PP-OCRv4 over a page of text, from pixels to lines, beside the bare runs of both its models on the same tensors.
import { compilePipeline, STEPS_FILE } from '@nearside/pipeline';
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import * as ort from 'onnxruntime-web/wasm';
import detectUrl from '../../models/ocr/int8/detect/model.onnx?url';
import recognizeUrl from '../../models/ocr/int8/recognize/model.onnx?url';
import spec from '../../models/ocr/model.json';
import keysUrl from '../../models/ocr/recognize/keys.txt?url';
import { compare } from '../compare.js';
import { sized } from '../sized.js';
import { openAlone } from './open-alone.js';

const LINES = 24;
const PAIRS = sized(5);
const WARM_UPS = 1;

/** @returns pairs of times, ms */
export async function measureText() {
  const model = await openAlone('ocr', 'ocr');
  const page = drawPage();
  const runs = await prepareRuns(page);
  const ours = async () => requireLines((await model.run(page)).output);
  const pairs = await compare([ours, runs], { pairs: PAIRS, warmUps: WARM_UPS });
  await model.close();
  return pairs;
}

function drawPage() {
  const canvas = new OffscreenCanvas(1000, 1280);
  const context = canvas.getContext('2d');
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = '#111';
  context.font = '26px sans-serif';
  for (let i = 0; i < LINES; i += 1) {
    context.fillText(`Line ${i + 1}: the quick brown fox jumps over`, 60, 70 + i * 50);
  }
  const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
  return { data, width, height };
}

function requireLines(lines) {
  if (lines.length !== LINES) throw new Error(`expected ${LINES} lines, got ${lines.length}`);
}

/** Both models with the tensors that the steps make of the page, ready to be run. */
async function prepareRuns(page) {
  ort.env.wasm.wasmPaths = { wasm };
  ort.env.wasm.numThreads = 1;
  const start = (url) => ort.InferenceSession.create(url, { executionProviders: ['wasm'] });
  const sessions = [await start(detectUrl), await start(recognizeUrl)];
  const keys = new Uint8Array(await (await fetch(keysUrl)).arrayBuffer());
  const pipeline = compilePipeline(spec, {
    resources: new Map([['recognize/keys.txt', keys]]),
    stepsFile: STEPS_FILE,
  });
  const feeds = [];
  let prepared = await pipeline.begin().prepare(page);
  while (!prepared.isDone) {
    const session = sessions[prepared.stage];
    const outputs = [];
    for (const { x } of prepared.items) {
      const feed = { x: new ort.Tensor('float32', x.data, x.shape) };
      feeds.push([session, feed]);
      const [name] = session.outputNames;
      const { data, dims } = (await session.run(feed))[name];
      outputs.push({ [name]: { datatype: 'FP32', shape: [...dims], data } });
    }
    prepared = await prepared.finish(outputs);
  }
  requireLines(prepared.output);
  return async () => {
    for (const [session, feed] of feeds) await session.run(feed);
  };
}
