// The library's ONNX backend runs two models in turn, in one instance of the runtime.
import { onnxWasm } from 'nearside/worker/onnx-wasm';
import { compare } from '../compare.js';
import { sized } from '../sized.js';
import { drawInputs } from '../slim/draw.js';

// The library and ONNX Runtime start their threads from this same file, by names, and listen there themselves.
if (!self.name) self.onmessage = answer;

async function answer({ data: { request } }) {
  try {
    self.postMessage({ times: await timePairs(request) });
  } catch (error) {
    self.postMessage({ failed: error.message });
  }
}

/** @param {{ wasm: string, threads: number, models: string[][], inputs: object, pairs: { sessions: number, runs: number } }} request */
async function timePairs({ wasm, threads, models, inputs, pairs }) {
  const module = await WebAssembly.compileStreaming(fetch(wasm));
  await onnxWasm.start({ wasm: module, threads, onLost() {} });
  const requests = await Promise.all(models.map(requestOf));
  const create = (request) => onnxWasm.createSession(request);
  const open = requests.map((request) => async () => (await create(request)).release());
  const sessions = await compare(open, { pairs: pairs.sessions, warmUps: 2 });
  const made = [];
  for (const request of requests) made.push(await create(request));
  const given = drawInputs(inputs, 1);
  const run = made.map((session) => () => session.run(given));
  return { sessions, runs: await compare(run, { pairs: pairs.runs, warmUps: WARM_UPS }) };
}

/** Runs until the code is optimised, on two threads too. */
const WARM_UPS = sized(15);

/** @param {string[]} addresses of a model and its weights */
async function requestOf(addresses) {
  const named = addresses.map(async (address) => {
    const bytes = new Uint8Array(await (await fetch(address)).arrayBuffer());
    return [address.slice(address.lastIndexOf('/') + 1), bytes];
  });
  const files = new Map(await Promise.all(named));
  const weights = [...files].slice(1).map(([name, bytes]) => {
    return [name, { chunkBytes: [bytes.length], read: async () => bytes.slice() }];
  });
  const variant = { runtime: 'onnx', files: [...files.keys()] };
  return { spec: { inputs: [], outputs: [] }, variant, files, weights: new Map(weights) };
}
