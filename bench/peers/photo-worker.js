// What people write for a photo: a canvas resizes it in a worker, ONNX Runtime runs, and the best label goes back.
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import * as ort from 'onnxruntime-web/wasm';
import { resizeByCanvas } from '../pipeline/photo.js';
import { PHOTO_LABELS } from './photo-model.js';

ort.env.wasm.wasmPaths = { wasm };
let session;

if (!self.name.startsWith('em-pthread')) self.onmessage = answer;

async function answer({ data }) {
  if (data.model) {
    ort.env.wasm.numThreads = data.threads;
    const bytes = new Uint8Array(await data.model.arrayBuffer());
    session = await ort.InferenceSession.create(bytes, { executionProviders: ['wasm'] });
    return self.postMessage('ready');
  }
  const tensor = await resizeByCanvas(data.photo);
  const { logits } = await session.run({ x: new ort.Tensor('float32', tensor, [1, 3, 224, 224]) });
  const best = logits.data.indexOf(Math.max(...logits.data));
  self.postMessage(PHOTO_LABELS[best]);
}
