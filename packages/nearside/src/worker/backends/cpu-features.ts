import { type BackendName, createDeferred } from '@nearside/core';
import type { RuntimeTraits } from './backend.js';
import { unsupported } from './backend-error.js';

/**
 * By default. More threads than this cost more than they bring for models of a page's size, and a phone's slow
 * cores then hold up the fast ones. ONNX Runtime's own default has the same limit.
 */
const DEFAULT_THREADS = 4;

/** A worker that has not answered for this long is not going to be a thread, ms. */
const TRIAL_MS = 5_000;

/** Names a worker that is started from this same file only to see whether it starts. */
const TRIAL_NAME = 'nearside-thread-trial';

/** A worker of that name answers the trial and must do nothing else. */
export function isThreadTrial(): boolean {
  return (globalThis as { name?: string }).name === TRIAL_NAME;
}

if (isThreadTrial()) globalThis.onmessage = ({ data }) => globalThis.postMessage(data);

/** How many CPU threads a run is shared between, and why these are fewer than were asked for. */
export type ChosenThreads = Pick<RuntimeTraits, 'threads' | 'threadsReason'>;

/**
 * Several threads need shared memory, so an isolated page, and workers started from the worker's own file: ONNX Runtime
 * waits for ever for one that does not start, so one is tried first.
 *
 * @param asked by default up to 4, and at most the number of cores
 * @returns as many, or as many as there are cores; 1 where others do not start
 */
export async function chooseThreads(asked?: number): Promise<ChosenThreads> {
  const { navigator } = globalThis as { navigator?: { hardwareConcurrency?: number } };
  const cores = navigator?.hardwareConcurrency ?? 1;
  const wanted = asked ?? Math.min(DEFAULT_THREADS, cores);
  if (wanted === 1) return { threads: 1 };
  const threads = Math.min(wanted, cores);
  const why = whyOne() ?? (threads > 1 && !(await tryOnce()) ? NOT_STARTED : undefined);
  if (why) return { threads: 1, threadsReason: fewerThreads(1, wanted, why) };
  const isFewer = asked !== undefined && threads < asked;
  return isFewer
    ? { threads, threadsReason: fewerThreads(threads, asked, 'there are no more cores') }
    : { threads };
}

/** @returns why this place has one thread, where that is known without a try */
function whyOne(): string | undefined {
  const { crossOriginIsolated, process } = globalThis as {
    crossOriginIsolated?: boolean;
    process?: { versions?: { node?: string } };
  };
  if (process?.versions?.node) return 'Node runs a model in one';
  if (!crossOriginIsolated) return 'the page is not cross-origin isolated';
  // WebKitGTK 2.54 says that it is isolated and has no such thing.
  return 'SharedArrayBuffer' in globalThis ? undefined : 'the browser shares no memory';
}

const NOT_STARTED = 'a second one did not start';

/** @returns the reason as people read it */
export function fewerThreads(threads: number, asked: number, why: string): string {
  return `${threads} of ${asked} threads: ${why}`;
}

/** The trial, under way or over: each worker has one. */
let trial: Promise<boolean> | undefined;

function tryOnce(): Promise<boolean> {
  trial ??= tryThread();
  return trial;
}

/** Posts shared memory to another worker of this file, which posts it back. */
async function tryThread(): Promise<boolean> {
  const { promise: answered, resolve } = createDeferred<boolean>();
  const timer = setTimeout(() => resolve(false), TRIAL_MS);
  let worker: Worker | undefined;
  try {
    worker = new Worker(new URL(import.meta.url), { type: 'module', name: TRIAL_NAME });
    worker.onmessage = ({ data }) => resolve(data instanceof SharedArrayBuffer);
    worker.onmessageerror = () => resolve(false);
    worker.onerror = () => resolve(false);
    worker.postMessage(new SharedArrayBuffer(1));
    return await answered;
  } catch {
    return false; // a Content-Security-Policy refuses it, say
  } finally {
    clearTimeout(timer);
    worker?.terminate();
  }
}

/** A module of one function that returns `i32x4.splat(0)` as a v128 and drops it. */
const SIMD_MODULE = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // \0asm, version 1
  ...[1, 4, 1, 0x60, 0, 0], // type: () → ()
  ...[3, 2, 1, 0], // function 0 is of type 0
  ...[10, 9, 1, 7, 0, 0x41, 0, 0xfd, 17, 0x1a, 11], // i32.const 0, i32x4.splat, drop, end
);

/**
 * Every wasm file of the runtimes needs fixed-width SIMD (WebAssembly 2.0): Chromium 91, Firefox 89,
 * Safari 16.4. Some hardened browsers have no WebAssembly at all.
 *
 * @throws NearsideError `no-backend`
 */
export function requireSimd(backend: BackendName): void {
  if (!hasSimd()) throw unsupported(backend, 'WebAssembly with SIMD');
}

export function hasSimd(): boolean {
  const { WebAssembly: engine } = globalThis as { WebAssembly?: typeof WebAssembly };
  return engine?.validate(SIMD_MODULE) ?? false;
}
