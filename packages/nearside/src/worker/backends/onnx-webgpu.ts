import type { NearsideError } from '@nearside/core';
import * as ort from 'onnxruntime-web/jspi';
import type { Backend, BackendSession, SessionRequest } from './backend.js';
import { endOnFailure, type RuntimeCare } from './backend-error.js';
import { requireSimd } from './cpu-features.js';
import { bytesFor } from './given-module.js';
import { type GpuDevice, openGpuDevice, requireGpu } from './gpu-device.js';
import { createOnnxSession } from './onnx-session.js';
import { loadFromSuspended } from './suspended-chunks.js';

const OPTIONS = {
  backend: 'onnx-webgpu',
  runtime: ort,
  loadFromChunks: loadFromSuspended,
} as const;

let started: { readonly gpu: GpuDevice; readonly care: RuntimeCare } | undefined;

/**
 * ONNX Runtime's native WebGPU execution provider. Never the older one behind the default entry
 * (JSEP), which computes wrong int8 results without an error; this one is known to be wrong on some
 * convolutions too (onnxruntime-web 1.30), which is what the golden check is for.
 */
export const onnxWebgpu: Backend = {
  name: 'onnx-webgpu',
  runtime: 'onnx',
  readsWeightsLater: true,

  async requireSupport(variant) {
    requireSimd('onnx-webgpu');
    await requireGpu('onnx-webgpu', variant);
  },

  async start({ wasm, onLost }) {
    // Only what the GPU has no kernel for runs on the CPU: not worth threads.
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmBinary = wasm && bytesFor(wasm).buffer;
    ort.env.logLevel = 'error';
    const gpu = await openGpuDevice('onnx-webgpu', onLost);
    started = { gpu, care: { health: {}, isHarmless, onLost } };
    return { threads: 1, hardware: gpu.description };
  },

  createOnCpu: (request) => createOnnxSession({ ...OPTIONS, executionProvider: 'cpu' }, request),

  async createSession(request: SessionRequest): Promise<BackendSession> {
    if (!started) throw new TypeError('onnx-webgpu: expected createSession after start');
    const { gpu, care } = started;
    const executionProvider = { name: 'webgpu', device: gpu.device } as const;
    const options = { ...OPTIONS, executionProvider };
    const session = await gpu.guard('load', () => createOnnxSession(options, request));
    const guarded: BackendSession = {
      tensors: session.tensors,
      run: (inputs) => gpu.guard('run', () => session.run(inputs)),
      release: () => session.release(),
    };
    return endOnFailure(guarded, care);
  },
};

/** ONNX Runtime words it like this when it refuses an input before a kernel runs. */
const REFUSED_INPUT = /invalid dimensions|invalid rank|unexpected input data type/i;

/**
 * After any other failure the runtime is not known to be sound. With asyncify a lock stayed taken; with JSPI it goes on after
 * a kernel on the CPU has thrown (onnxruntime-web 1.30, Chromium 156), and kernels on a GPU were not tried.
 * A lost device is told by the device.
 */
function isHarmless({ code, message }: NearsideError): boolean {
  return code === 'device-lost' || REFUSED_INPUT.test(message);
}
