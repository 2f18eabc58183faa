import { casesOfStage, type Golden, stagesOf, variantOfStage } from '@nearside/core';
import type { BackendSession, WeightFiles } from './backends/backend.js';
import { checkGolden, type GoldenCheckOptions, proofFiles } from './golden-check.js';
import {
  feedsOf,
  readModelDirectory,
  readVariantFiles,
  type StartedInNode,
  startOnnx,
} from './in-node.js';

/*
 * Whether a model's ONNX variants need no more than the common file of ONNX Runtime has: their golden cases run in it.
 * `nearside pack` asks in a process of its own, because a function that is missing traps, and what has trapped is
 * done for.
 *
 *   node try-common.js <model directory>
 *
 * Exit status 0 where nothing was missing; else the reason is on stderr.
 */

const [directory = '.'] = process.argv.slice(2);
await tryCommon(directory).catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});

async function tryCommon(directory: string): Promise<void> {
  const { spec, golden } = await readModelDirectory(directory);
  const { backend } = await startOnnx('ort-common.wasm');
  for (const variant of spec.variants.filter(({ runtime }) => runtime === 'onnx')) {
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
