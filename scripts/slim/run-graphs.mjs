// In a process of its own, because what has trapped is done for: runs the small graphs that the list of functions is made
// from, with their weights inside and beside them, in the common file. It prints the names of those that answered.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename } from 'node:path';
import { makeCommonGraphs } from '../../bench/slim/common-graphs.mjs';
import { drawInputs } from '../../bench/slim/draw.js';
import { withMovedWeights } from '../../bench/slim/models.mjs';
import { onnxWasm } from '../../packages/nearside/dist/assets/backend-onnx-wasm.js';
import { FULL_FILE, makeCommon, readList } from './make-common.mjs';

const dir = await mkdtemp(`${tmpdir()}/nearside-graphs-`);
const common = makeCommon(await readFile(FULL_FILE), await readList());
await onnxWasm.start({ wasm: await WebAssembly.compile(common), threads: 1, onLost() {} });
for (const [name, graph] of Object.entries(await makeCommonGraphs(dir))) {
  if (!graph.files[0].startsWith(dir)) continue; // our own models have tests of their own
  await run(name, graph);
  const moved = await withMovedWeights(graph, `${dir}/${name}`);
  if (moved) await run(`${name}, weights beside`, moved);
}
await rm(dir, { recursive: true });

async function run(name, { files: paths, inputs }) {
  const read = paths.map(async (path) => [basename(path), new Uint8Array(await readFile(path))]);
  const files = new Map(await Promise.all(read));
  const [, ...beside] = files;
  const weights = new Map(
    beside.map(([file, bytes]) => [
      file,
      { chunkBytes: [bytes.length], read: async () => bytes.slice() },
    ]),
  );
  const spec = { inputs: [], outputs: [] };
  const variant = { runtime: 'onnx', files: [...files.keys()] };
  const session = await onnxWasm.createSession({ spec, variant, files, weights });
  await session.run(drawInputs(inputs, 0));
  console.log(name);
}
