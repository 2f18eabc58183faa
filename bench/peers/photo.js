import { openUnsigned } from 'nearside';
import { compare } from '../compare.js';
import { makePhoto, photoPreprocessing } from '../pipeline/photo.js';
import { sized } from '../sized.js';
import { PHOTO_LABELS, photoModel } from './photo-model.js';

const PAIRS = sized(30);
const WARM_UPS = sized(5);

/** Pairs of times, ms: a JPEG of 12 megapixels → its label, with the library and with the canvas worker. */
export async function measurePhoto() {
  const photo = await makePhoto();
  const file = photoModel();
  const model = await openUnsigned(file, photoSpec(), { backend: 'onnx-wasm' });
  const worker = await openWorker(file, model.stats().threads);
  const labels = [(await model.run(photo)).output[0].label, await worker.ask({ photo })];
  const pairs = await compare([() => model.run(photo), () => worker.ask({ photo })], {
    pairs: PAIRS,
    warmUps: WARM_UPS,
  });
  worker.terminate();
  await model.close();
  return { pairs, labels };
}

function photoSpec() {
  return {
    name: 'photo',
    task: 'image-classification',
    preprocessing: photoPreprocessing(),
    postprocessing: [
      { step: 'softmax' },
      { step: 'top-k', top_k: 1, id2label: Object.fromEntries(PHOTO_LABELS.entries()) },
    ],
    limits: { memoryBytes: 16_777_216, maxInputPixels: 50_000_000 },
  };
}

async function openWorker(model, threads) {
  const worker = new Worker(new URL('./photo-worker.js', import.meta.url), { type: 'module' });
  const ask = (message) =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage(message);
    });
  await ask({ model, threads });
  return { ask, terminate: () => worker.terminate() };
}
