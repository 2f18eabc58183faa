import { expect, test } from 'vitest';
import { startBackendWorker } from './node.js';

test('where a bundled server has left the runtime’s files, the setting that keeps them is named', async () => {
  const source = {
    assets: 'file:///nowhere/',
    worker: undefined,
    isUnsigned: false,
    isSure: false,
    runtime: undefined,
  };
  await expect(startBackendWorker('onnx-wasm', source)).rejects.toMatchObject({
    code: 'assets-unreachable',
    message: expect.stringContaining("serverExternalPackages: ['nearside']"),
  });
});
