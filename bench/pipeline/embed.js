// 256 sentences of different lengths, from texts to vectors, beside bare runs on the same tensors in the same batches.
import { compilePipeline, joinBatch, STEPS_FILE } from '@nearside/pipeline';
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import * as ort from 'onnxruntime-web/wasm';
import modelUrl from '../../models/sentences/int8/model.onnx?url';
import spec from '../../models/sentences/model.json';
import tokenizerUrl from '../../models/sentences/tokenizer.json?url';
import { compare } from '../compare.js';
import { sized } from '../sized.js';
import { openAlone } from './open-alone.js';

const SENTENCES = 256;
const PAIRS = sized(15);
const WARM_UPS = sized(3);
const DATATYPES = { INT64: 'int64' };

/** @returns pairs of times, ms */
export async function measureEmbedding() {
  const model = await openAlone('sentences', 'feature-extraction');
  const texts = writeSentences();
  const run = await prepareRuns(texts);
  const ours = () => readAll(model.score(texts));
  const pairs = await compare([ours, run], { pairs: PAIRS, warmUps: WARM_UPS });
  await model.close();
  return pairs;
}

const WORDS =
  'the model of a page runs on every device and finds what people look for in long texts';

/** 3 to 40 words each. */
function writeSentences() {
  const words = WORDS.split(' ');
  return Array.from({ length: SENTENCES }, (_, i) => {
    const count = 3 + ((i * 7) % 38);
    return Array.from({ length: count }, (_, j) => words[(i * 5 + j * 3) % words.length]).join(' ');
  });
}

async function readAll(results) {
  let count = 0;
  for await (const { output, error } of results) {
    if (output?.length !== 512) throw error ?? new Error(`expected a vector, got ${output}`);
    count += 1;
  }
  if (count !== SENTENCES) throw new Error(`expected ${SENTENCES} vectors, got ${count}`);
}

/** The tensors that the steps make of the texts, those of one shape together as the library joins them. */
async function prepareRuns(texts) {
  ort.env.wasm.wasmPaths = { wasm };
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(modelUrl, { executionProviders: ['wasm'] });
  const tokenizer = new Uint8Array(await (await fetch(tokenizerUrl)).arrayBuffer());
  const resources = new Map([['tokenizer.json', tokenizer]]);
  const flow = compilePipeline(spec, { stepsFile: STEPS_FILE, resources }).begin();
  const byShape = new Map();
  for (const text of texts) {
    const { items } = await flow.prepare(text);
    for (const item of items) {
      const shape = item.input_ids.shape.join();
      byShape.set(shape, [...(byShape.get(shape) ?? []), item]);
    }
  }
  const feeds = [...byShape.values()].map((items) => asFeed(joinBatch(items)));
  return async () => {
    for (const feed of feeds) await session.run(feed);
  };
}

function asFeed(tensors) {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { datatype, shape, data }]) => [
      name,
      new ort.Tensor(DATATYPES[datatype], data, shape),
    ]),
  );
}
