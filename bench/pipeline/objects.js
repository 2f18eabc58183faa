// An SSD of 300 × 300 over 640 × 480 pixels, from pixels to things, beside the bare run on the same tensor.
import { compilePipeline, STEPS_FILE } from '@nearside/pipeline';
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import * as ort from 'onnxruntime-web/wasm';
import photoUrl from '../../examples/digits/samples/cat.jpg?url';
import modelUrl from '../../models/things/int8/model.onnx?url';
import spec from '../../models/things/model.json';
import { compare } from '../compare.js';
import { sized } from '../sized.js';
import { openAlone } from './open-alone.js';

const PAIRS = sized(15);
const WARM_UPS = sized(3);

/** @returns pairs of times, ms */
export async function measureObjects() {
  const model = await openAlone('things', 'object-detection');
  const picture = await drawCat();
  const run = await prepareRun(picture);
  const ours = async () => requireCat((await model.run(picture)).output);
  const pairs = await compare([ours, run], { pairs: PAIRS, warmUps: WARM_UPS });
  await model.close();
  return pairs;
}

async function drawCat() {
  const photo = await createImageBitmap(await (await fetch(photoUrl)).blob());
  const canvas = new OffscreenCanvas(640, 480);
  const context = canvas.getContext('2d');
  context.drawImage(photo, 0, 0, canvas.width, canvas.height);
  const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
  return { data, width, height };
}

function requireCat(objects) {
  const labels = objects.map(({ label }) => label).join();
  if (labels !== 'Cat') throw new Error(`expected a cat, got ${labels}`);
}

/** The model with the tensor that the steps make of the picture, ready to be run. */
async function prepareRun(picture) {
  ort.env.wasm.wasmPaths = { wasm };
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(modelUrl, { executionProviders: ['wasm'] });
  const pipeline = compilePipeline(spec, { stepsFile: STEPS_FILE });
  const prepared = await pipeline.begin().prepare(picture);
  const [[name, { data, shape }]] = Object.entries(prepared.items[0]);
  const feed = { [name]: new ort.Tensor('float32', data, shape) };
  return () => session.run(feed);
}
