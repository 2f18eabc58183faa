import { casesOfStage, type Golden, stagesOf, variantOfStage } from '@nearside/core';
import type { BackendSession, WeightFiles } from './backends/backend.js';
import { checkGolden, type GoldenCheckOptions, proofFiles } from './golden-check.js';
import { watchHeap } from './heap-size.js';
import {
  feedsOf,
  readModelDirectory,
  readVariantFiles,
  type StartedInNode,
  startOnnx,
} from './in-node.js';

/*
 * Whether an ONNX variant needs no more than the common file of ONNX Runtime has, and how much memory: its golden cases
 * run in a file of ONNX Runtime, on one thread. `nearside pack` asks in a process of its own, because a function that is
 * missing traps, what has trapped is done for, and a heap never shrinks.
 *
 *   node try-common.js <model directory> <variant> common|full
 *
 * Exit status 0 where nothing was missing, and the bytes of the heap on stdout; else the reason is on stderr.
 */

const [directory = '.', name, file = 'common'] = process.argv.slice(2);
const heapBytes = watchHeap();
await tryVariant().catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
console.log(`${heapBytes()}`); // a number would have a colour where FORCE_COLOR is set

async function tryVariant(): Promise<void> {
  const { spec, golden } = await readModelDirectory(directory);
  const isFull = file === 'full';
  const { backend } = await startOnnx(isFull ? 'ort-wasm-simd-threaded.wasm' : 'ort-common.wasm');
  for (const variant of spec.variants.filter((one) => one.name === name)) {
    const proofs = proofFiles(golden, { spec, variant, scope: 'all' });
    const read = await readVariantFiles(directory, variant, proofs);
    await runGolden(backend, { spec, variant, golden, ...read });
  }
}

/** All cases, and what devices warm up with. */
async function runGolden(
  backend: StartedInNode['backend'],
  {
    golden,
    weights,
    ...proof
  }: Omit<GoldenCheckOptions, 'backend' | 'scope'> & {
    readonly golden: Golden;
    readonly weights: WeightFiles;
  },
): Promise<void> {
  const { spec, variant, files } = proof;
  const sessions: BackendSession[] = [];
  for (const stage of stagesOf(spec)) {
    const request = { spec: stage, variant: variantOfStage(variant, stage), files, weights };
    const session = await backend.createSession(request);
    sessions.push(session);
    const { warmUp } = casesOfStage(golden, stage)[0] ?? {};
    if (warmUp) await session.run(feedsOf(stage, files, warmUp));
  }
  await checkGolden(sessions, golden, { ...proof, backend: 'onnx-wasm', scope: 'all' });
}
