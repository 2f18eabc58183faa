import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  casesOfStage,
  constantInputs,
  type Golden,
  initialState,
  parseGolden,
  parseModelSpec,
  stagesOf,
  variantOfStage,
  weightFiles,
} from '@nearside/core';
import type { Backend, BackendSession, ModelFiles } from './backends/backend.js';
import { checkGolden, type GoldenCheckOptions, proofFiles, readTensors } from './golden-check.js';

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
  const spec = parseModelSpec(await readJson(directory, 'model.json'));
  const golden = parseGolden(await readJson(directory, 'golden.json'));
  const backend = await startOnCommon();
  for (const variant of spec.variants.filter(({ runtime }) => runtime === 'onnx')) {
    const names = [...weightFiles(variant), ...proofFiles(golden, { spec, variant, scope: 'all' })];
    const files = await readFiles(directory, names);
    await runGolden(backend, { spec, variant, golden, files });
  }
}

/** All cases, and what devices warm up with. */
async function runGolden(
  backend: Backend,
  { golden, ...proof }: Omit<GoldenCheckOptions, 'backend' | 'scope'> & { readonly golden: Golden },
): Promise<void> {
  const { spec, variant, files } = proof;
  const sessions: BackendSession[] = [];
  for (const stage of stagesOf(spec)) {
    const request = { spec: stage, variant: variantOfStage(variant, stage), files };
    const session = await backend.createSession(request);
    sessions.push(session);
    const { warmUp } = casesOfStage(golden, stage)[0] ?? {};
    const constant = { ...initialState(stage), ...constantInputs(stage) };
    if (warmUp) await session.run({ ...constant, ...readTensors(files, warmUp) });
  }
  await checkGolden(sessions, golden, { ...proof, backend: backend.name, scope: 'all' });
}

/** The backend alone, as the build writes it to `dist/assets`. */
async function startOnCommon(): Promise<Backend> {
  const built = (name: string) => new URL(`../assets/${name}`, import.meta.url);
  const { onnxWasm: backend } = await import(built('backend-onnx-wasm.js').href);
  const bytes = await readFile(built('ort-common.wasm'));
  await backend.start({ wasm: await WebAssembly.compile(bytes), threads: 1, onLost() {} });
  return backend;
}

async function readFiles(directory: string, names: readonly string[]): Promise<ModelFiles> {
  const read = names.map(async (name) => {
    const bytes = new Uint8Array(await readFile(join(directory, name)));
    return [name, bytes] as const;
  });
  return new Map(await Promise.all(read)) as unknown as ModelFiles;
}

async function readJson(directory: string, name: string): Promise<unknown> {
  return JSON.parse(await readFile(join(directory, name), 'utf8'));
}
