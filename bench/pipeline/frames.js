// People or faces in a camera's picture, from the frame to a mask of its size or to objects, beside the model's bare run on a
// tensor that is there and one readback of a canvas at the model's size, which nobody who draws on a canvas can leave out.
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import * as ort from 'onnxruntime-web/wasm';
import facesUrl from '../../models/faces/int8/model.onnx?url';
import peopleUrl from '../../models/people/fp32/model.onnx?url';
import { compare } from '../compare.js';
import { sized } from '../sized.js';
import { openAlone } from './open-alone.js';

const CAMERA = { width: 640, height: 480 };
const MODELS = {
  people: { task: 'image-segmentation', url: peopleUrl, side: 256, require: requireMask },
  faces: { task: 'object-detection', url: facesUrl, side: 128, require: requireObjects },
};
const PAIRS = sized(60);
const WARM_UPS = sized(15);

/** @returns pairs of times, ms */
export async function measureFrame(name) {
  const { task, require } = MODELS[name];
  const model = await openAlone(name, task);
  const frame = cameraFrame();
  const bare = await prepareBare(frame, MODELS[name]);
  const ours = async () => require((await model.run(frame)).output);
  const pairs = await compare([ours, bare], { pairs: PAIRS, warmUps: WARM_UPS });
  await model.close();
  frame.close();
  return pairs;
}

/** As cameras give frames: light, and colours at half the size. */
function cameraFrame() {
  const { width, height } = CAMERA;
  const pixels = width * height;
  const data = new Uint8Array(pixels * 1.5).fill(128);
  for (let i = 0; i < pixels; i += 1) data[i] = (i % width) / 4 + 60;
  return new VideoFrame(data, {
    format: 'I420',
    codedWidth: width,
    codedHeight: height,
    timestamp: 0,
  });
}

function requireMask({ width, height, data }) {
  if (width === CAMERA.width && height === CAMERA.height && data.length === width * height) return;
  throw new Error(`expected a mask of the frame's size, got ${width} × ${height}`);
}

function requireObjects(objects) {
  if (!Array.isArray(objects)) throw new Error(`expected objects, got ${objects}`);
}

async function prepareBare(frame, { url, side }) {
  ort.env.wasm.wasmPaths = { wasm };
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(url, { executionProviders: ['wasm'] });
  const context = new OffscreenCanvas(side, side).getContext('2d', { willReadFrequently: true });
  const input = new ort.Tensor('float32', new Float32Array(side * side * 3), [1, side, side, 3]);
  return async () => {
    context.drawImage(frame, 0, 0, side, side);
    context.getImageData(0, 0, side, side);
    await session.run({ [session.inputNames[0]]: input });
  };
}
