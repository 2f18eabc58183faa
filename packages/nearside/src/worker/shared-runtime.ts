import { isNearsideError, NearsideError, type Variant } from '@nearside/core';
import { runtimeBytes } from '../shared/contender-order.js';
import type { RuntimeRequest } from '../shared/protocol.js';
import type { Backend, BackendSession, RuntimeTraits, SessionRequest } from './backends/backend.js';
import { EMPTY_MODULE } from './backends/given-module.js';
import type { LoadProgress } from './load-progress.js';

type Wasm = WebAssembly.Module | undefined;

/**
 * A worker's one runtime, for all its models: started once, and never asked to do two things at a
 * time. ONNX Runtime's builds with suspension (WebGPU) refuse a second call during one, and all of them
 * share a heap.
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

/** @param onLost told when no run of any session will succeed any more */
export function shareRuntime(
  backend: Backend,
  onLost: (error: NearsideError) => void,
): SharedRuntime {
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
    return wasmOnce.get(() => compileRuntimeWasm(wasm, progress, usualBytes));
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

/** The largest file has 6.6 MB with gzip: at 22 KB/s, ms. Nobody sees meanwhile how much of it has come. */
const LONGEST_MS = 300_000;

/**
 * Fetches and compiles a runtime's own wasm file. It comes from where the library comes from and lives in the HTTP
 * cache or the service worker's, not in the verified store.
 *
 * The browser compiles it while it arrives, from the very response that it got: only of such a module it keeps the
 * machine code for the next visit. Nobody else can read that response, so progress goes on by the clock meanwhile.
 *
 * @param wasm its address, or the bytes; undefined for a backend that has none. The address's fragment, where it
 *   has one, is the hash that the file must have
 * @param usualBytes what it has on the wire, with its worker: not every server says how much it sends
 * @throws NearsideError `wasm-blocked` or `assets-unreachable`
 */
export async function compileRuntimeWasm(
  wasm: string | Uint8Array<ArrayBuffer> | undefined,
  progress: LoadProgress,
  usualBytes: number,
): Promise<WebAssembly.Module | undefined> {
  if (wasm === undefined) return undefined;
  requireWebAssembly();
  if (typeof wasm !== 'string') return WebAssembly.compile(wasm);
  progress.expect('runtime', usualBytes);
  try {
    return await compileFile(wasm, 'default', progress).catch((error) => {
      if (!(error instanceof WebAssembly.CompileError)) throw error;
      return compileFile(wasm, 'reload', progress); // what the HTTP cache has may be broken
    });
  } catch (cause) {
    throw isNearsideError(cause) ? cause : unreachable(wasm, inWords(cause, wasm), cause);
  }
}

async function compileFile(
  wasm: string,
  cache: RequestCache,
  progress: LoadProgress,
): Promise<WebAssembly.Module> {
  const [, integrity = ''] = wasm.split('#');
  const signal = AbortSignal.timeout(LONGEST_MS);
  const response = await fetch(wasm, { signal, integrity, cache });
  const type = response.headers.get('content-type') ?? '';
  if (!response.ok) throw unreachable(wasm, `status ${response.status}`);
  if (type.startsWith('text/html')) throw unreachable(wasm, 'a web page');
  const stop = progress.comesUnseen(Number(response.headers.get('content-length')));
  const module = await compileResponse(response, type).finally(stop);
  progress.arrive('runtime');
  return module;
}

/** Browsers refuse to stream what is said to be anything else, or has a parameter behind it. */
async function compileResponse(response: Response, type: string): Promise<WebAssembly.Module> {
  return type === 'application/wasm'
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
}

function requireWebAssembly(): void {
  try {
    new WebAssembly.Module(EMPTY_MODULE);
  } catch (cause) {
    throw new NearsideError(
      'wasm-blocked',
      "Expected WebAssembly to be allowed, got a refusal: add 'wasm-unsafe-eval' to " +
        '`script-src` of the Content-Security-Policy.',
      { cause },
    );
  }
}

function inWords(cause: unknown, wasm: string): string {
  if (cause instanceof WebAssembly.CompileError) return cause.message;
  return `no answer, ${wasm.includes('#') ? "another file than this build's, " : ''}or half of one`;
}

function unreachable(address: string, got: string, cause?: unknown): NearsideError {
  return new NearsideError(
    'assets-unreachable',
    `Expected a runtime file at ${address.split('#')[0]}, got ${got}. Serve the package's dist/assets there, or ` +
      'pass `assets`.',
    { cause, details: { address, got }, retryable: true },
  );
}
