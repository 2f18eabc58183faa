import { NearsideError } from '@nearside/core';
import { describe, expect, test, vi } from 'vitest';
import { describeBackend } from '../../testing/backend-conformance.js';
import { expectRightFrom, loadExternal } from '../../testing/external-weights.js';
import { testFatalOutOfMemory } from '../../testing/out-of-memory-conformance.js';
import type { Backend, SessionRequest } from './backend.js';
import { onnxWebgpu } from './onnx-webgpu.js';

const wasmUrl = new URL(
  '../../../../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.jspi.wasm',
  import.meta.url,
).href;

const told: string[] = [];
describeBackend(onnxWebgpu, {
  variant: 'fp32',
  wasmUrl,
  onLost: ({ code }) => told.push(code),
});
describe.each([
  ['on the GPU', onnxWebgpu.createSession],
  ['on the CPU of its runtime', (request: SessionRequest) => onnxWebgpu.createOnCpu?.(request)],
] as const)('weights in a file beside the model, %s', (_, create) => {
  const createSession = create as Backend['createSession'];

  test.each([100, 1280, 4096])(
    'are read in chunks of %i bytes, in turn and none beside another',
    async (cutBytes) => {
      const { request, stored, given } = await loadExternal({ cutBytes });
      const [[name, file] = fail()] = request.weights;
      const read = async (index: number) => {
        for (const { buffer } of given) expect(buffer.byteLength).toBe(0);
        return file.read(index);
      };
      const weights = new Map([[name, { ...file, read }]]);
      await expectRightFrom(createSession, { ...request, weights }, { stored });
      // In any order: a chunk that two tensors share may be read for each.
      expect(given.length - Math.ceil(1440 / cutBytes)).toBeOneOf([0, 1]);
      expect(given.at(-1)?.buffer.byteLength).toBe(0);
    },
  );

  test('are read as often as the model names them', async () => {
    const { request, stored } = await loadExternal({ cutBytes: 100, offset: '0100' });
    await expectRightFrom(createSession, request, { stored, matrixAt: 25 });
  });

  test('fail with what is wrong with a chunk, and nothing is written to the console', async () => {
    const logged = vi.spyOn(console, 'error');
    const { request, stored } = await loadExternal({ cutBytes: 100 });
    const [[name, file] = fail()] = request.weights;
    const damaged = new NearsideError('digest-mismatch', 'damaged');
    const read = (index: number) => (index < 2 ? file.read(index) : Promise.reject(damaged));
    const weights = new Map([[name, { ...file, read }]]);
    await expect(createSession({ ...request, weights })).rejects.toBe(damaged);
    expect(logged).not.toHaveBeenCalled();
    await expectRightFrom(createSession, request, { stored });
  });

  test('fail with a code where a tensor ends past the file', async () => {
    const { request } = await loadExternal({ offset: '1290' });
    const failed = { code: 'backend-failed', message: expect.stringContaining('ut of bounds') };
    await expect(createSession(request)).rejects.toMatchObject(failed);
  });
});

testFatalOutOfMemory(onnxWebgpu, () => told);

function fail(): never {
  throw new Error('there is one file');
}
