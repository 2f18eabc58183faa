// In a thread of its own, because ONNX Runtime starts once in each: says which functions a run of digits enters
// that loading has not.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { parentPort } from 'node:worker_threads';
import { root } from '../root.mjs';
import { FULL_FILE } from './make-common.mjs';
import { markFunctions } from './mark-functions.mjs';

const entry = createRequire(`${root}packages/nearside/package.json`).resolve(
  'onnxruntime-web/wasm',
);
const ort = await import(entry);
const { bytes, marks } = markFunctions(await readFile(FULL_FILE));
let memory;
const { instantiate } = WebAssembly;
WebAssembly.instantiate = (source, imports) => {
  const all = Object.values(imports ?? {}).flatMap((group) => Object.values(group));
  memory ??= all.find((value) => value instanceof WebAssembly.Memory);
  return instantiate(source, imports);
};
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmBinary = bytes.buffer;
const model = await readFile(`${root}models/digits/int8/model.onnx`);
const session = await ort.InferenceSession.create(model);
const readMarks = () => new Uint8Array(memory.buffer.slice(marks.at, marks.at + marks.count));
const byLoading = readMarks();
const picture = new ort.Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
await session.run({ pixel_values: picture });
const after = readMarks();
parentPort.postMessage([...after.keys()].filter((i) => after[i] && !byLoading[i]));
