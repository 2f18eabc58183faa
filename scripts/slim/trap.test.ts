import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { expect, test, vi } from 'vitest';
import type { SessionRequest } from '../../packages/nearside/src/worker/backends/backend.js';
import { onnxWasm } from '../../packages/nearside/src/worker/backends/onnx-wasm.js';
import { root } from '../root.mjs';
import { keepFunctions } from './keep-functions.mjs';
import { FULL_FILE } from './make-common.mjs';
import { readSections, writeSections } from './wasm-module.mjs';

test('a trap in a run is a coded failure, ends its worker, and leaves no run to a runtime that is half done', async () => {
  const [missing] = await functionsOfRun();
  const full = await readFile(FULL_FILE);
  const all = Array.from({ length: 20_000 }, (_, i) => i); // more than it has
  const holed = keepFunctions(
    full,
    all.filter((each) => each !== missing),
  );
  // Without the section by which a device knows the common file, whose runs are done again elsewhere.
  const unnamed = writeSections(readSections(holed).slice(0, -1));
  const onLost = vi.fn();
  const wasm = await WebAssembly.compile(unnamed as Uint8Array<ArrayBuffer>);
  await onnxWasm.start({ wasm, threads: 1, onLost });
  const session = await onnxWasm.createSession(await digits());
  const one = {
    pixel_values: {
      datatype: 'FP32',
      shape: [1, 1, 28, 28],
      data: new Float32Array(784),
    },
  } as const;
  const failure = { code: 'backend-failed', cause: expect.any(WebAssembly.RuntimeError) };
  await expect(session.run(one)).rejects.toMatchObject(failure);
  await vi.waitFor(() => expect(onLost).toHaveBeenCalledOnce());
  expect(onLost).toHaveBeenCalledWith(expect.objectContaining({ code: 'worker-lost' }));
  await expect(session.run(one)).rejects.toMatchObject(failure);
  expect(onLost).toHaveBeenCalledOnce();
});

async function functionsOfRun(): Promise<number[]> {
  const thread = new Worker(new URL('./entered-by-run.mjs', import.meta.url));
  const [functions] = await once(thread, 'message');
  await thread.terminate();
  expect(functions.length).toBeGreaterThan(0);
  return functions;
}

async function digits(): Promise<SessionRequest> {
  const spec = JSON.parse(await readFile(`${root}models/digits/model.json`, 'utf8'));
  const file = new Uint8Array(await readFile(`${root}models/digits/int8/model.onnx`));
  const variant = { name: 'int8', runtime: 'onnx', files: ['model.onnx'] };
  return { spec, variant, files: new Map([['model.onnx', file]]) } as unknown as SessionRequest;
}
