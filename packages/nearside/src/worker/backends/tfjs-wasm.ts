import type { NearsideError } from '@nearside/core';
import * as wasm from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { Backend, CompiledWasm } from './backend.js';
import { attempt, backendError, endOnFailure, type RuntimeCare } from './backend-error.js';
import { hasSimd, requireSimd } from './cpu-features.js';
import { bytesFor } from './given-module.js';
import { createTfjsSession, profileTfjs } from './tfjs-session.js';

let care: RuntimeCare = { health: {}, isHarmless, onLost() {} };

/** TensorFlow.js on its wasm backend (SIMD, one thread). */
export const tfjsWasm: Backend = {
  name: 'tfjs-wasm',
  runtime: 'tfjs',

  async requireSupport() {
    requireSimd('tfjs-wasm');
  },

  prepare: hasSimd,

  async start({ wasm: module, onLost }) {
    care = { ...care, onLost };
    // Its threads never worked in a bundle, and looking for them throws (tfjs 4.22).
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
    const started = await attempt('tfjs-wasm', 'start', () => startWith(module));
    if (!started) throw backendError('tfjs-wasm', 'start', 'the wasm backend did not initialise');
    return { threads: 1, hardware: 'cpu' };
  },

  async createSession(request) {
    return endOnFailure(await createTfjsSession('tfjs-wasm', request), care);
  },

  profile: (request) => profileTfjs('tfjs-wasm', request),
};

/**
 * Hands TensorFlow.js what was compiled for it: it has no option for that, and a `blob:` address would need
 * `connect-src blob:`. One file serves all three names: `requireSimd` has made sure of the feature it needs.
 */
async function startWith(module: CompiledWasm | undefined): Promise<boolean> {
  const usesPlatformFetch = true;
  wasm.setWasmPaths('', usesPlatformFetch);
  const { platform } = tf.env();
  const { fetch } = platform;
  platform.fetch = async () => new Response(module && bytesFor(module));
  try {
    return await tf.setBackend('wasm');
  } finally {
    platform.fetch = fetch;
  }
}

/**
 * It writes to address 0 when it was given no memory, over all it has until it traps (tfjs 4.22):
 * nothing in its heap can be relied on any more.
 */
function isHarmless({ code }: NearsideError): boolean {
  return code !== 'out-of-memory';
}
