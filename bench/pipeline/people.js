// People in a camera's picture, from the frame to a mask of its size, beside the model's bare run on a tensor that is there
// and one readback of a canvas at the model's size, which nobody who draws on a canvas can leave out.
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import * as ort from 'onnxruntime-web/wasm';
import modelUrl from '../../models/people/fp32/model.onnx?url';
import { compare } from '../compare.js';
import { openAlone } from './open-alone.js';

const CAMERA = { width: 640, height: 480 };
const SIDE = 256;
const PAIRS = 60;
const WARM_UPS = 15;

/** @returns pairs of times, ms */
export async function measureFrame() {
  const model = await openAlone('people', 'image-segmentation');
  const frame = cameraFrame();
  const bare = await prepareBare(frame);
  const ours = async () => requireMask((await model.run(frame)).output);
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

async function prepareBare(frame) {
  ort.env.wasm.wasmPaths = { wasm };
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(modelUrl, { executionProviders: ['wasm'] });
  const context = new OffscreenCanvas(SIDE, SIDE).getContext('2d', { willReadFrequently: true });
  const input = new ort.Tensor('float32', new Float32Array(SIDE * SIDE * 3), [1, SIDE, SIDE, 3]);
  return async () => {
    context.drawImage(frame, 0, 0, SIDE, SIDE);
    context.getImageData(0, 0, SIDE, SIDE);
    await session.run({ [session.inputNames[0]]: input });
  };
}
