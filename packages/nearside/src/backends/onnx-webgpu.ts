import * as ort from 'onnxruntime-web/webgpu';
import type { Backend, BackendSession, SessionRequest } from './backend.js';
import { type GpuDevice, openGpuDevice, requireGpu } from './gpu-device.js';
import { createOnnxSession } from './onnx-session.js';
import { requireSimd } from './require-simd.js';

let gpu: GpuDevice | undefined;

/**
 * ONNX Runtime's native WebGPU execution provider. Never the older one behind the default entry
 * (JSEP), which computes wrong int8 results without an error; this one is known to be wrong on some
 * convolutions too (onnxruntime-web 1.30), which is what the golden check is for.
 */
export const onnxWebgpu: Backend = {
  name: 'onnx-webgpu',
  runtime: 'onnx',

  async requireSupport(variant) {
    requireSimd('onnx-webgpu');
    await requireGpu('onnx-webgpu', variant);
  },

  async start({ wasm, onLost }) {
    // What the GPU lacks runs on the CPU; one thread, because that is not worth more.
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmBinary = wasm?.buffer;
    ort.env.logLevel = 'error';
    gpu = await openGpuDevice('onnx-webgpu', onLost);
    return { threads: 1, hardware: gpu.description };
  },

  async createSession(request: SessionRequest): Promise<BackendSession> {
    const { device, guard } = requireStarted();
    const executionProvider = { name: 'webgpu', device } as const;
    const options = { backend: 'onnx-webgpu', runtime: ort, executionProvider } as const;
    const session = await guard('load', () => createOnnxSession(options, request));
    return {
      run: (inputs) => guard('run', () => session.run(inputs)),
      release: () => session.release(),
    };
  },
};

function requireStarted(): GpuDevice {
  if (!gpu) throw new TypeError('onnx-webgpu: expected createSession after start');
  return gpu;
}
