// A classifier of transformers.js, as docs/transformers.md has it: with verified files, or with its own cache.
import { env, pipeline } from '@huggingface/transformers';
import { verifiedFetch } from 'nearside/transformers';
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';

env.remoteHost = location.origin;
env.remotePathTemplate = 'models/{model}/';
env.useWasmCache = false;
env.backends.onnx.wasm.wasmPaths = { wasm };

/**
 * Opens a pipeline and asks it one text.
 *
 * @param {string} text
 * @param {{ integrity?: string, model?: string }} [options] without `integrity` the folder beside the sealed one is read, and
 *   transformers.js keeps it
 */
globalThis.classify = async (text, { integrity, model = folderOf(integrity) } = {}) => {
  if (integrity) env.fetch = verifiedFetch({ url: 'models/bert', integrity });
  env.useBrowserCache = integrity === undefined;
  const startMs = performance.now();
  const classifier = await pipeline('text-classification', model, {
    dtype: 'fp32',
    device: 'wasm',
  });
  const openedMs = performance.now() - startMs;
  const [answer] = await classifier(text);
  await classifier.dispose();
  return { ...answer, openedMs };
};

/** Milliseconds in which the files alone are read, as `classify` has left them on this device. */
globalThis.readFiles = async (names, { integrity } = {}) => {
  const startMs = performance.now();
  const cache = integrity === undefined && (await caches.open(env.cacheKey));
  const read = cache ? (url) => cache.match(url) : verifiedFetch({ url: 'models/bert', integrity });
  const urls = names.map((name) => `${location.origin}/models/${folderOf(integrity)}/${name}`);
  await Promise.all(urls.map(async (url) => (await read(url)).arrayBuffer()));
  return performance.now() - startMs;
};

document.documentElement.dataset.state = 'ready';

function folderOf(integrity) {
  return integrity === undefined ? 'plain' : 'bert';
}
