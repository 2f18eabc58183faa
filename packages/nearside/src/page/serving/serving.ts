import type { BootAnswer } from '@nearside/artifact';
import { startAwakeTimer } from '@nearside/artifact';
import { createDeferred, NearsideError, ownFields, type Variant } from '@nearside/core';
import type { AvailableBackend, BackendFailure, OnnxRuntime } from '../../shared/api/backends.js';
import { type ModelEmitter, notify } from '../../shared/api/events.js';
import type { Progress } from '../../shared/api/open-options.js';
import { runtimeOf } from '../../shared/contenders.js';
import type { InstallIdentity } from '../../shared/install.js';
import type {
  LoadedVariant,
  OpenedVersion,
  WhichVersion,
  WorkerEvent,
} from '../../shared/protocol.js';
import type { BackendChoice } from '../choice/backend-choice.js';
import type { OpenPlan } from '../options/plan-opening.js';
import { type Connection, connect } from '../workers/connection.js';
import type { EngineContext } from '../workers/engine-context.js';

/** What everything of one open model shares: data and handles, no function of a room above. */
export interface ModelContext {
  readonly plan: OpenPlan;
  readonly engine: EngineContext;
  /** Undefined until a worker has read it. */
  readonly identity: InstallIdentity | undefined;
  readonly emitter: ModelEmitter;
  /** Told of every version that is opened, before a backend loads it. */
  readonly onOpened: ((version: OpenedVersion) => void) | undefined;
  readonly choice: BackendChoice;
}

/** A version in a worker of a backend, verified. */
export interface Opened {
  readonly connection: Connection;
  readonly backend: AvailableBackend;
  /** Which file of ONNX Runtime, where it is that. */
  readonly runtime: OnnxRuntime | undefined;
  readonly version: OpenedVersion;
  /** Worker ready → version verified, ms. */
  readonly metadataMs: number;
  /** Settles when everything is fetched that `load` needs: what takes long from then on hangs. */
  readonly fetched: Promise<void>;
  /** How long loading may take after that, ms. */
  readonly warmUpMs: number;
}

/** An opened version of which one variant is loaded and has reproduced its golden outputs: ready for runs. */
export interface Serving extends Opened {
  readonly variant: Variant;
  readonly loaded: LoadedVariant;
  /** Backends tried before that did not start, in their order. */
  readonly failures: readonly BackendFailure[];
  /** Those of them that it is held against. */
  readonly quarantined: readonly BackendFailure[];
  /** Why no backend serves the version, where this stands in for one and the app's own function answers. */
  readonly noBackend: NearsideError | undefined;
}

/** Which of a backend's workers; by default the first, which models share. */
export interface Place {
  /** In one of its own: what hangs or crashes there stops nothing else. As planned, by default. */
  readonly isolate: boolean | undefined;
  /** From 0 on; 0 by default. */
  readonly slot: number | undefined;
}

/** For what is tried beside a version that serves: it may hang or crash. */
export const OWN_WORKER: Place = { isolate: true, slot: undefined };

/** Every field is there, so that none is read from `Object.prototype`. */
export interface OpenOnOptions {
  readonly which: WhichVersion;
  readonly place: Place | undefined;
  /** Of the repository, where the page has asked it. */
  readonly boot: BootAnswer | undefined;
  /** It can be done without: where the engine has no room for it no other model is put to rest. */
  readonly isOptional: boolean;
  /** It will be loaded, as far as can be foreseen. */
  readonly isSure: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

/** What has started on the common file by then serves, ms: a trap in a thread of it is silent. */
const COMMON_MS = 10_000;

/**
 * Takes a place in a worker of one backend and opens a version in it. Whatever fails gives it back.
 *
 * @returns undefined when there is no such version (a previous one, when there is none)
 */
export async function openOn(
  backend: AvailableBackend,
  { plan, engine, identity, emitter, onOpened, choice }: ModelContext,
  { which, place, boot, isOptional, isSure, signal, onProgress }: OpenOnOptions,
): Promise<Opened | undefined> {
  const fetched = createDeferred<void>();
  const onEvent = (event: WorkerEvent) => {
    if (event.nearside === 'progress' && event.progress.phase === 'check') fetched.resolve();
    if (event.nearside === 'progress' && onProgress) notify(onProgress, event.progress);
    if (event.nearside === 'installation') {
      const { type, ...details } = event.event;
      emitter.emit(type, details as never);
    }
  };
  const { assets, worker } = plan;
  const isolate = place?.isolate ?? plan.isolate;
  const slot = place?.slot ?? 0;
  const isOnnxWasm = backend === 'onnx-wasm';
  const threads = isOnnxWasm ? plan.threads : undefined; // others have one
  const runtime = isOnnxWasm ? choice.onnxRuntime : undefined;
  const isUnsigned = plan.unsigned !== undefined;
  const needs = { backend, assets, worker, isolate, isUnsigned, slot, threads, runtime };
  const host = await engine.workers.acquire(needs);
  const connection = await connect(host, { onEvent, signal });
  return endingOnFailure(connection, signal, async () => {
    const startMs = performance.now();
    const { url, pin, store, mirrors, request, policy, task } = plan;
    const { runtimeWasm: wasm, stepsFile } = host;
    const wanted = { wasm, stepsFile, threads, isSure };
    const opened = plan.unsigned
      ? await connection.openUnsigned({ ...plan.unsigned, runtime: wanted })
      : await connection.open({
          which,
          boot,
          url,
          pin,
          task,
          store,
          mirrors,
          request,
          maxBytes: policy.maxBytes,
          install: identity,
          runtimes: plan.contenders.map(runtimeOf),
          runtime: wanted,
        });
    if (!opened) {
      void connection.close(undefined);
      return undefined;
    }
    const version = ownFields(opened);
    onOpened?.(version);
    const metadataMs = performance.now() - startMs;
    engine.memory?.makeRoom(version.spec, isOptional);
    connection.declare(version.spec.limits.memoryBytes);
    const { warmUpMs: givenMs } = policy;
    const warmUpMs = runtime === 'common' ? Math.min(givenMs, COMMON_MS) : givenMs;
    return {
      connection,
      backend,
      runtime,
      version,
      metadataMs,
      fetched: fetched.promise,
      warmUpMs,
    };
  });
}

/**
 * Loads what was opened and proves it; from then on it is the active version of this device, unless it was
 * opened as the one that is `served`, or unsigned. What takes longer than `policy.warmUpMs` after everything
 * was fetched is a `backend-failed`: it may keep other models of the worker waiting.
 */
export async function load(
  opened: Opened,
  variant: Variant,
  { signal }: { signal: AbortSignal | undefined },
): Promise<Serving> {
  const { connection } = opened;
  return endingOnFailure(connection, signal, async () => {
    const loading = connection.load({ variant: variant.name });
    const loaded = ownFields(await withinLimit(loading, opened));
    const { spec = opened.version.spec } = loaded;
    const version = { ...opened.version, spec };
    const none = { failures: [], quarantined: [], noBackend: undefined };
    return { ...opened, version, variant, loaded, ...none };
  });
}

/** Does one step in a worker; a failure, or the caller's leaving, gives the place in it up. */
export async function endingOnFailure<Result>(
  connection: Connection,
  signal: AbortSignal | undefined,
  step: () => Promise<Result>,
): Promise<Result> {
  const onAbort = () => void connection.close(signal?.reason);
  signal?.addEventListener('abort', onAbort);
  try {
    signal?.throwIfAborted();
    return await step();
  } catch (error) {
    void connection.close(error);
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

/** What hangs blocks its worker: it is ended at once. */
async function withinLimit<Value>(
  work: Promise<Value>,
  { connection, fetched, warmUpMs }: Opened,
): Promise<Value> {
  let isDone = false;
  let stop = () => {};
  void fetched.then(() => {
    if (!isDone) stop = startAwakeTimer(warmUpMs, () => connection.kill(hung(warmUpMs)));
  });
  try {
    return await work;
  } finally {
    isDone = true;
    stop();
  }
}

function hung(limitMs: number): NearsideError {
  return new NearsideError(
    'backend-failed',
    `Expected the version to be loaded and checked within ${limitMs} ms, got no answer. Its ` +
      'worker was ended.',
    { details: { limitMs } },
  );
}
