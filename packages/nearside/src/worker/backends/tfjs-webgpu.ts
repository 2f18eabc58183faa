import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Backend } from './backend.js';
import { attempt, backendError } from './backend-error.js';
import { type GpuDevice, openGpuDevice, requireGpu } from './gpu-device.js';
import { createTfjsSession } from './tfjs-session.js';

let gpu: GpuDevice | undefined;

/** TensorFlow.js on its WebGPU backend, which has no wasm file. */
export const tfjsWebgpu: Backend = {
  name: 'tfjs-webgpu',
  runtime: 'tfjs',

  requireSupport: (variant) => requireGpu('tfjs-webgpu', variant),

  async start({ onLost }) {
    const opened = await openGpuDevice('tfjs-webgpu', onLost);
    // Its own way of opening a device asks once only, and tells nobody when the device is lost.
    tf.removeBackend('webgpu');
    tf.registerBackend('webgpu', () => new WebGPUBackend(opened.device, opened.adapterInfo));
    const started = await attempt('tfjs-webgpu', 'start', () => tf.setBackend('webgpu'));
    if (!started)
      throw backendError('tfjs-webgpu', 'start', 'the webgpu backend did not initialise');
    gpu = opened;
    return { threads: 1, hardware: gpu.description };
  },

  async createSession(request) {
    if (!gpu) throw new TypeError('tfjs-webgpu: expected createSession after start');
    const { guard } = gpu;
    const session = await guard('load', () => createTfjsSession('tfjs-webgpu', request));
    return {
      tensors: session.tensors,
      run: (inputs) => guard('run', () => session.run(inputs)),
      release: () => session.release(),
    };
  },
};
