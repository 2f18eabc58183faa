import type { NearsideError, Variant } from '@nearside/core';
import { runtimeBytes } from '../shared/contender-order.js';
import type { RuntimeRequest } from '../shared/protocol.js';
import type { Backend, BackendSession, RuntimeTraits, SessionRequest } from './backends/backend.js';
import type { LoadProgress } from './load-progress.js';
import { compileRuntimeWasm, type Wasm } from './runtime-wasm.js';

/**
 * A worker's one runtime, for all its models: started once, and never asked to do two things at a
 * time. In ONNX Runtime's file for WebGPU two runs at a time never end, and all sessions share a heap.
 */
export interface SharedRuntime {
  readonly name: Backend['name'];
  readonly runtime: Backend['runtime'];
  readonly readsWeightsLater: boolean;
  readonly requireSupport: Backend['requireSupport'];
  /**
   * Says what it is to be started with, before all else. Where it runs any variant, what loading waits for
   * begins at once; what fails of that is tried again when it is needed.
   */
  prepare(request: RuntimeRequest, progress: LoadProgress): void;
  /** Has its wasm compiled unless it is there already, or on its way for another model. */
  compileWasm(progress: LoadProgress): Promise<Wasm>;
  /** Starts it, if nobody has yet. */
  start(wasm: Wasm): Promise<RuntimeTraits>;
  createSession(request: SessionRequest): Promise<BackendSession>;
  readonly createOnCpu: Backend['createOnCpu'];
  readonly profile: Backend['profile'];
}

export interface SharingOptions {
  /** Told when no run of any session will succeed any more. */
  readonly onLost: (error: NearsideError) => void;
  /** There is a page that compiles wasm for all its workers. */
  readonly hasPage: boolean;
}

export function shareRuntime(backend: Backend, { onLost, hasPage }: SharingOptions): SharedRuntime {
  const inTurn = createTurn();
  const wasmOnce = createOnce<Wasm>();
  const startOnce = createOnce<RuntimeTraits>();
  const { createOnCpu } = backend;
  let isStarted = false;
  let asked: RuntimeRequest | undefined;

  async function compileWasm(progress: LoadProgress): Promise<Wasm> {
    if (isStarted) return undefined;
    const { wasm, onnxRuntime } = asked ?? {};
    const usualBytes = runtimeBytes(backend.name, onnxRuntime === 'common');
    return wasmOnce.get(() => compileRuntimeWasm({ wasm, usualBytes, hasPage }, progress));
  }

  async function create(make: () => Promise<BackendSession>): Promise<BackendSession> {
    const session = await inTurn(make);
    return {
      tensors: session.tensors,
      run: (inputs) => inTurn(() => session.run(inputs)),
      release: () => inTurn(() => session.release()),
    };
  }

  return {
    name: backend.name,
    runtime: backend.runtime,
    readsWeightsLater: backend.readsWeightsLater === true,
    requireSupport: (variant: Variant) => backend.requireSupport(variant),
    prepare(request, progress) {
      if (!isStarted) asked = request;
      if (request.isSure && backend.prepare?.(request.threads))
        compileWasm(progress).catch(() => {});
    },
    compileWasm,
    profile: backend.profile && ((request) => inTurn(async () => backend.profile?.(request))),
    start: (wasm) =>
      startOnce.get(async () => {
        const traits = await inTurn(() => backend.start({ wasm, threads: asked?.threads, onLost }));
        isStarted = true;
        wasmOnce.forget(); // the runtime has it now
        asked = undefined;
        return traits;
      }),
    createSession: (request) => create(() => backend.createSession(request)),
    createOnCpu: createOnCpu && ((request) => create(() => createOnCpu(request))),
  };
}

/** One work after another, behind one that failed too; at once where none is under way. */
function createTurn(): <Value>(work: () => Promise<Value>) => Promise<Value> {
  let last: Promise<void> | undefined;
  return (work) => {
    const ended = last ? last.then(work) : work();
    const end = () => {
      if (last === turn) last = undefined;
    };
    const turn = ended.then(end, end);
    last = turn;
    return ended;
  };
}

/** Work that is under way is shared, and its result kept; a failure is forgotten. */
function createOnce<Value>() {
  let kept: Promise<Value> | undefined;
  const forget = () => {
    kept = undefined;
  };
  return {
    get(work: () => Promise<Value>): Promise<Value> {
      kept ??= work().catch((error) => {
        forget();
        throw error;
      });
      return kept;
    },
    forget,
  };
}
