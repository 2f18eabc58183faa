import { readFile } from 'node:fs/promises';
import { casesOfStage, type Golden, stagesOf, variantOfStage } from '@nearside/core';
import type { BackendSession, ModelFiles, WeightFiles } from './backends/backend.js';
import { checkGolden, type GoldenCheckOptions, proofFiles } from './golden-check.js';
import { watchHeap } from './heap-size.js';
import {
  endWithParent,
  feedsOf,
  readModelDirectory,
  readVariantFiles,
  type StartedInNode,
  startOnnx,
} from './in-node.js';

/*
 * Tells whether an ONNX variant needs no more than the common file of ONNX Runtime has, and how much memory: its golden
 * cases run in a file of ONNX Runtime, on one thread. `nearside pack` asks in a process of its own, because a function
 * that is missing traps, what has trapped is done for, and a heap never shrinks.
 *
 *   node try-common.js <model directory> <variant> common|full [<stage> <file>]
 *
 * Exit status 0 where nothing was missing, and the bytes of the heap on stdout; else the reason is on stderr, with status 3
 * that of a trap, which names the function. With a stage, which is empty for the only one, the file's
 * graph takes the place of its model, and may give other outputs: it runs, and nothing is compared.
 */

const TRAPPED = 3;

const [directory = '.', name, file = 'common', stage, graph] = process.argv.slice(2);
endWithParent();
const heapBytes = watchHeap();
await tryVariant().catch((error: Error) => {
  const place = trapOf(error);
  console.error(place ? `${error.message} (${place})` : error.message);
  process.exit(place === undefined ? 1 : TRAPPED);
});
console.log(`${heapBytes()}`); // a number would have a colour where FORCE_COLOR is set

async function tryVariant(): Promise<void> {
  const { spec, golden } = await readModelDirectory(directory);
  const isFull = file === 'full';
  const { backend } = await startOnnx(isFull ? 'ort-wasm-simd-threaded.wasm' : 'ort-common.wasm');
  for (const variant of spec.variants.filter((one) => one.name === name)) {
    const proofs = proofFiles(golden, { spec, variant, scope: 'all' });
    const read = await readVariantFiles(directory, variant, proofs);
    const trial = { spec, variant, golden, ...read };
    await (graph === undefined ? runGolden(backend, trial) : runGraph(backend, trial, graph));
  }
}

type Trial = Omit<GoldenCheckOptions, 'backend' | 'scope'> & {
  readonly golden: Golden;
  readonly weights: WeightFiles;
};

/** All cases, and what devices warm up with. */
async function runGolden(
  backend: StartedInNode['backend'],
  { golden, weights, ...proof }: Trial,
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

/** All inputs of one stage, in a graph that declares its own tensors. */
async function runGraph(
  backend: StartedInNode['backend'],
  { spec, variant, golden, files, weights }: Trial,
  path: string,
): Promise<void> {
  for (const one of stagesOf(spec).filter((each) => each.name === stage)) {
    const own = variantOfStage(variant, one);
    const cut = new Map<string, Uint8Array>([...files, [own.files[0] ?? '', await readFile(path)]]);
    const session = await backend.createSession({
      spec: { inputs: [], outputs: [] },
      variant: own,
      files: cut as unknown as ModelFiles,
      weights,
    });
    for (const { inputs, warmUp } of casesOfStage(golden, one)) {
      for (const each of warmUp ? [warmUp, inputs] : [inputs])
        await session.run(feedsOf(one, files, each));
    }
  }
}

/**
 * The function that a runtime trapped in, as the engine names it; empty where nothing tells. A trap while the runtime
 * starts has no cause: ONNX Runtime puts its words into an error of its own.
 *
 * @returns undefined where it has not trapped
 */
function trapOf(error: unknown): string | undefined {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each instanceof WebAssembly.RuntimeError || each.message.includes('RuntimeError: '))
      return /wasm-function\[\d+\]/.exec(each.stack ?? '')?.[0] ?? '';
  }
  return undefined;
}
