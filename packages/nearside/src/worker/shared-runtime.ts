import type { NearsideError, Variant } from '@nearside/core';
import type { RuntimeRequest } from '../shared/protocol.js';
import type { Backend, BackendSession, RuntimeTraits, SessionRequest } from './backends/backend.js';
import type { LoadProgress } from './load-progress.js';
import { compileRuntimeWasm } from './runtime-wasm.js';

type Wasm = WebAssembly.Module | undefined;

/**
 * A worker's one runtime, for all its models: started once, and never asked to do two things at a
 * time. ONNX Runtime's builds with suspension (WebGPU) refuse a second call during one, and all of them
 * share a heap.
 */
export interface SharedRuntime {
  readonly name: Backend['name'];
  readonly runtime: Backend['runtime'];
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
  readonly profile: Backend['profile'];
}

/** @param onLost told when no run of any session will succeed any more */
export function shareRuntime(
  backend: Backend,
  onLost: (error: NearsideError) => void,
): SharedRuntime {
  const inTurn = createTurn();
  const wasmOnce = createOnce<Wasm>();
  const startOnce = createOnce<RuntimeTraits>();
  let isStarted = false;
  let asked: RuntimeRequest | undefined;

  const compileWasm: SharedRuntime['compileWasm'] = async (progress) =>
    isStarted ? undefined : wasmOnce.get(() => compileRuntimeWasm(asked?.wasm, progress));

  return {
    name: backend.name,
    runtime: backend.runtime,
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
    async createSession(request) {
      const session = await inTurn(() => backend.createSession(request));
      return {
        tensors: session.tensors,
        run: (inputs) => inTurn(() => session.run(inputs)),
        release: () => inTurn(() => session.release()),
      };
    },
  };
}

/** One work after another, behind one that failed too. */
function createTurn(): <Value>(work: () => Promise<Value>) => Promise<Value> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const ended = last.then(work);
    last = ended.catch(() => {});
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
