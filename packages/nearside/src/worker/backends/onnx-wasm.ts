import type { NearsideError } from '@nearside/core';
import * as ort from 'onnxruntime-web/wasm';
import type { Backend, StartRequest } from './backend.js';
import { endOnFailure, type RuntimeCare, withCare } from './backend-error.js';
import { chooseThreads, hasSimd, requireSimd } from './cpu-features.js';
import { bytesFor } from './given-module.js';
import { loadFromMounted } from './mounted-chunks.js';
import { createOnnxSession, type OnnxSessionOptions, profileOnnx } from './onnx-session.js';
import { tapRuntimeOutput } from './profile-onnx.js';
import { varyDepth } from './run-depth.js';

/** Starting its threads and compiling takes a second or two; what takes this long hangs, ms. */
const START_LIMIT_MS = 60_000;

/** Without threads nothing is waited for, and Node's process would wait for the timer. */
const NO_LIMIT = 0;

/** `OrtRun` has eight parameters, and it alone. */
const RUN_PARAMETERS = 8;

const OPTIONS: OnnxSessionOptions = {
  backend: 'onnx-wasm',
  runtime: ort,
  executionProvider: 'wasm',
  loadFromChunks: loadFromMounted,
};

/** Its name in golden.json. */
export const reference = () => `onnxruntime-web ${ort.env.versions.web} wasm`;

let care: RuntimeCare = { health: {}, isHarmless, onLost() {} };

/** ONNX Runtime's wasm execution provider, from the entry that loads exactly one wasm file. */
export const onnxWasm: Backend = {
  name: 'onnx-wasm',
  runtime: 'onnx',

  async requireSupport() {
    requireSimd('onnx-wasm');
  },

  prepare(threads) {
    void chooseThreads(threads);
    return hasSimd();
  },

  async start({ wasm, threads: wanted, onLost }) {
    care = { ...care, onLost, isSmall: isCommon(wasm) };
    tapRuntimeOutput();
    // Unset, Node fails with "Dynamic require of node:os", and so does every later start.
    const chosen = await chooseThreads(wanted);
    const { threads } = chosen;
    ort.env.wasm.numThreads = threads;
    ort.env.wasm.initTimeout = threads > 1 ? START_LIMIT_MS : NO_LIMIT; // its timer is never taken back
    ort.env.wasm.wasmBinary =
      wasm && bytesFor(wasm, (exports) => varyDepth(exports, RUN_PARAMETERS)).buffer;
    ort.env.logLevel = 'error';
    return { ...chosen, hardware: 'cpu' };
  },

  async createSession(request) {
    return endOnFailure(await withCare(() => createOnnxSession(OPTIONS, request), care), care);
  },
  profile: (request) => withCare(() => profileOnnx(OPTIONS, request), care),
};

/** The file that has what most models use says which one it was made of (`scripts/slim/keep-functions.mjs`). */
function isCommon(wasm: StartRequest['wasm']): boolean {
  const { Module } = WebAssembly;
  return (
    wasm !== undefined &&
    Module.customSections(wasm as WebAssembly.Module, 'nearside.made-of').length > 0
  );
}

/**
 * A trap leaves what its run was doing half done, locks that other threads wait for among it. Where there was no memory
 * the runtime goes on: it was told so before it wrote.
 */
function isHarmless({ code, cause }: NearsideError): boolean {
  return code === 'out-of-memory' || !(cause instanceof WebAssembly.RuntimeError);
}
