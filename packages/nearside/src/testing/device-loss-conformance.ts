import { isNearsideError, type Tensors } from '@nearside/core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Backend, BackendSession } from '../worker/backends/backend.js';
import { loadDigits } from './load-digits.js';

/** Holds a backend to what it must do when its GPU device is lost, as after a reset of the driver. */
export function describeDeviceLoss(
  backend: Backend,
  { variant: name, wasmUrl }: { variant: string; wasmUrl?: string },
): void {
  describe(`${backend.name}, when its device is lost`, () => {
    const told: string[] = [];
    let session: BackendSession;
    let device: GPUDevice;
    let inputs: Tensors;

    beforeAll(async () => {
      const { cases, ...request } = await loadDigits(name);
      inputs = cases[0]?.inputs as Tensors;
      const wasm = wasmUrl ? await WebAssembly.compileStreaming(fetch(wasmUrl)) : undefined;
      device = await catchDevice(() =>
        backend.start({ wasm, onLost: ({ code }) => told.push(code) }),
      );
      session = await backend.createSession(request);
      await session.run(inputs);
    });

    test('the run under way and every later one is device-lost, and the loss is told once', async () => {
      const running = outcome(session.run(inputs));
      device.destroy();
      expect(await running).toBe('device-lost');
      expect(await outcome(session.run(inputs))).toBe('device-lost');
      expect(told).toEqual(['device-lost']);
    });
  });
}

async function outcome(run: Promise<Tensors>): Promise<string> {
  return run.then(
    () => 'a result',
    (error) => (isNearsideError(error) ? error.code : String(error)),
  );
}

/** The device that `start` asks the browser for. */
async function catchDevice(start: () => Promise<unknown>): Promise<GPUDevice> {
  const { requestDevice } = GPUAdapter.prototype;
  let caught: GPUDevice | undefined;
  GPUAdapter.prototype.requestDevice = async function (descriptor) {
    caught = await requestDevice.call(this, descriptor);
    return caught;
  };
  try {
    await start();
  } finally {
    GPUAdapter.prototype.requestDevice = requestDevice;
  }
  return caught as unknown as GPUDevice;
}
