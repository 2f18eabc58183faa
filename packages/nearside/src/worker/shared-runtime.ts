import type { NearsideError, Variant } from '@nearside/core';
import type {
  Backend,
  BackendSession,
  RuntimeTraits,
  SessionRequest,
  StartRequest,
} from '../backends/backend.js';

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
  /** Has the runtime's wasm compiled unless it is there already, or on its way for another model. */
  compileWasm(compile: () => Promise<Wasm>): Promise<Wasm>;
  /** Starts it with what `compileWasm` gave, if nobody has yet. */
  start(request: Omit<StartRequest, 'onLost'>): Promise<RuntimeTraits>;
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

  return {
    name: backend.name,
    runtime: backend.runtime,
    requireSupport: (variant: Variant) => backend.requireSupport(variant),
    async compileWasm(compile) {
      return isStarted ? undefined : wasmOnce.get(compile);
    },
    profile: backend.profile && ((request) => inTurn(async () => backend.profile?.(request))),
    start: (request) =>
      startOnce.get(async () => {
        const traits = await inTurn(() => backend.start({ ...request, onLost }));
        isStarted = true;
        wasmOnce.forget(); // the runtime has it now
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
