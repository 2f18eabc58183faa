// Runs a `.tflite` file in LiteRT.js, and the ONNX that was made of it in ONNX Runtime, on the same numbers. It is a thread's
// script: other tests start runtimes of their own, and each runtime starts once for a thread.
import { parentPort } from 'node:worker_threads';
import * as ort from 'onnxruntime-web/wasm';
import { startLiteRt } from '../../../../scripts/lite-rt.mjs';
import { floats } from './floats.mjs';

ort.env.wasm.numThreads = 1; // Node has no more
const judge = await startLiteRt();

parentPort?.on('message', async ({ tflite, onnx }) => {
  const session = await ort.InferenceSession.create(onnx);
  const inputs = session.inputMetadata.map(({ name, shape }) => [name, shape.map(Number)]);
  const feeds = inputs.map(([name, shape]) => [
    name,
    new ort.Tensor('float32', floats(shape), shape),
  ]);
  const outputs = await session.run(Object.fromEntries(feeds));
  const computed = Object.entries(outputs).map(([name, { dims, data }]) => [
    name,
    { shape: dims, data },
  ]);
  await session.release();
  const given = inputs.map(([, shape]) => floats(shape));
  const judged = await judge.run(tflite, given);
  parentPort?.postMessage({ computed: Object.fromEntries(computed), judged });
});
