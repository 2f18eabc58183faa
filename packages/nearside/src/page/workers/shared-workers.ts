import { isNearsideError } from '@nearside/core';
import type { AvailableBackend } from '../../shared/api/backends.js';
import { releaseProxy, wrap } from '../../shared/comlink.js';
import { isLostWorker } from '../../shared/failures.js';
import type { WorkerApi } from '../../shared/protocol.js';
import { LAST_STORING_MS, settlesWithin } from '../../shared/timers.js';
import type { BackendWorker, WorkerFailure, WorkerSource } from '../platform/host.js';

/**
 * A model that has not let go of a worker in time has this long beside others, then the worker is ended, ms. It
 * has longer while calls of others are under way, because a run on wasm keeps the worker from answering.
 */
const LEAVING_MS = 10_000;
/** It waits so many times at most, which is longer than the two minutes that a run has by default. */
const MOST_WAITS = 30;

/**
 * Models that share a worker have these in common. Unsigned files share none with a signed model, because all
 * that is loaded in a runtime shares its heap.
 */
export interface WorkerNeeds extends WorkerSource {
  readonly backend: AvailableBackend;
  /** Number of the worker among those of its kind, from 0 on. */
  readonly slot: number;
  /** CPU threads of its runtime, which has one number for all its models. */
  readonly threads?: number | undefined;
  /** A worker for this model alone. */
  readonly isolate: boolean;
}

/** A worker that is alive. */
export interface WorkerStatus {
  readonly backend: AvailableBackend;
  readonly models: number;
  /** Bytes that its models say they need. */
  readonly declaredBytes: number;
  /** Bytes that its wasm memory was seen to hold last; 0 while unknown. */
  heapBytes: number;
  /** The same when a model was loaded last. */
  loadedHeapBytes: number;
  /** Calls to its models that are under way. */
  calls: number;
  /** Nobody joins it any more. */
  isRetired: boolean;
}

/** One model's place in a worker. */
export interface Host {
  readonly worker: WorkerStatus;
  /** Declares the bytes that the model needs, until the place is given back. */
  declare(memoryBytes: number): void;
  /** The model's functions there, until the place is given back. */
  readonly api: WorkerApi;
  /** Its runs go here; their answers and its events come from here. */
  readonly endpoint: MessagePort;
  readonly started: Pick<BackendWorker, 'runtimeWasm' | 'stepsFile' | 'isReady'>;
  /** Called at most once, when the worker is gone. */
  onFailure(listener: (failure: WorkerFailure) => void): void;
  /**
   * Gives the place back; the last one ends the worker. Others in the same worker are not affected,
   * unless the model does not let go of it.
   *
   * @param stored settles when the model stores nothing any more and is freed
   * @param isAtWork a call of its own is under way there, and so to blame for the silence
   * @returns when the place is free, or the caller need not wait any longer
   */
  release(stored: Promise<unknown>, isAtWork?: boolean): Promise<void>;
  /** Ends the worker at once, whatever it is doing, with every model in it. */
  terminate(reason: unknown): void;
}

/** Starts the workers of an engine, lets models share them, and ends those that nobody is in. */
export interface SharedWorkers {
  /** The workers that are alive. */
  readonly live: readonly WorkerStatus[];
  /** @throws NearsideError `worker-blocked`, `no-backend` */
  acquire(needs: WorkerNeeds): Promise<Host>;
}

export type StartBackendWorker = (
  backend: AvailableBackend,
  source: WorkerSource,
) => Promise<BackendWorker>;

interface Tenant {
  disconnect: (() => void) | undefined;
  listener: ((failure: WorkerFailure) => void) | undefined;
  /** Set when its worker has ended. */
  failure: WorkerFailure | undefined;
  memoryBytes: number;
  /** It is to go, and has not answered in time. */
  isSilent: boolean;
}

interface SharedWorker {
  readonly needs: WorkerNeeds;
  readonly worker: Promise<BackendWorker>;
  /** The same, once it is there. */
  started: BackendWorker | undefined;
  readonly tenants: Set<Tenant>;
  readonly status: WorkerStatus;
  /** The engine's workers that are alive, this one too until it ends. */
  readonly live: Set<SharedWorker>;
}

/** Needs in which models that share a worker are alike. */
const ALIKE = ['backend', 'runtime', 'slot', 'threads', 'isUnsigned', 'assets', 'worker'] as const;

export function createSharedWorkers(start: StartBackendWorker): SharedWorkers {
  const live = new Set<SharedWorker>();
  return {
    get live() {
      return [...live].map(({ status }) => status);
    },
    async acquire(needs) {
      const shared = findShared(live, needs) ?? startShared(live, needs, start);
      // It joins before anything is waited for: a worker with a model in it is not ended.
      const tenant: Tenant = {
        disconnect: undefined,
        listener: undefined,
        failure: undefined,
        memoryBytes: 0,
        isSilent: false,
      };
      shared.tenants.add(tenant);
      return hostIn(shared, tenant, await shared.worker);
    },
  };
}

function findShared(live: ReadonlySet<SharedWorker>, needs: WorkerNeeds): SharedWorker | undefined {
  if (needs.isolate) return undefined;
  return [...live].find(
    ({ needs: other, tenants, status }) =>
      !other.isolate &&
      !status.isRetired &&
      ALIKE.every((need) => other[need] === needs[need]) &&
      ![...tenants].some(({ isSilent }) => isSilent),
  );
}

function startShared(
  live: Set<SharedWorker>,
  needs: WorkerNeeds,
  start: StartBackendWorker,
): SharedWorker {
  const tenants = new Set<Tenant>();
  const worker = start(needs.backend, needs);
  const status = describe(needs.backend, tenants);
  const shared: SharedWorker = { needs, worker, tenants, status, live, started: undefined };
  live.add(shared);
  worker.then(
    (worker) => {
      shared.started = worker;
      worker.onFailure((failure) => end(shared, failure));
      if (!live.has(shared)) worker.terminate();
    },
    () => live.delete(shared),
  );
  return shared;
}

function hostIn(shared: SharedWorker, tenant: Tenant, worker: BackendWorker): Host {
  const { endpoint, close } = worker.attach();
  const api = wrap<WorkerApi>(endpoint);
  tenant.disconnect = () => {
    // Else Comlink keeps the endpoint for ever (docs/decisions/0008).
    api[releaseProxy]();
    close();
  };
  return {
    worker: shared.status,
    api,
    endpoint,
    started: worker,
    declare(memoryBytes) {
      tenant.memoryBytes = memoryBytes;
    },
    onFailure(listener) {
      if (tenant.failure) listener(tenant.failure);
      else tenant.listener = listener;
    },
    async release(stored, isAtWork = false) {
      tenant.listener = undefined;
      tenant.memoryBytes = 0;
      // Nothing has begun in it that could be stored.
      if (!worker.isReady) return leave(shared, tenant);
      return release(shared, tenant, { stored, isAtWork });
    },
    terminate(reason) {
      tenant.listener = undefined;
      end(shared, toFailure(reason));
    },
  };
}

/** Ends a worker, and tells every model that is still in it. */
function end(shared: SharedWorker, failure?: WorkerFailure): void {
  if (!shared.live.delete(shared)) return;
  shared.started?.terminate();
  for (const tenant of [...shared.tenants]) leave(shared, tenant, failure);
}

function leave(shared: SharedWorker, tenant: Tenant, failure?: WorkerFailure): void {
  if (!shared.tenants.delete(tenant)) return;
  tenant.disconnect?.();
  if (failure) {
    tenant.failure = failure;
    tenant.listener?.(failure);
  }
  if (shared.tenants.size === 0) end(shared);
}

/** A model that does not let go of the worker in time keeps its place for a while, if others are in it. */
async function release(
  shared: SharedWorker,
  tenant: Tenant,
  { stored, isAtWork }: { stored: Promise<unknown>; isAtWork: boolean },
): Promise<void> {
  if (await settlesWithin(LAST_STORING_MS, stored)) return leave(shared, tenant);
  tenant.isSilent = true;
  if ([...shared.tenants].every(({ isSilent }) => isSilent)) return end(shared, SILENT);
  void leaveBeside(shared, tenant, { stored, isAtWork });
}

async function leaveBeside(
  shared: SharedWorker,
  tenant: Tenant,
  { stored, isAtWork }: { stored: Promise<unknown>; isAtWork: boolean },
): Promise<void> {
  for (let waits = 0; waits < MOST_WAITS; waits += 1) {
    if (await settlesWithin(LEAVING_MS, stored)) return leave(shared, tenant);
    if (isAtWork || shared.status.calls === 0) break;
  }
  end(shared, SILENT);
}

const SILENT: WorkerFailure = {
  message: 'another model in it did not let go of it',
  isAnothers: true,
};

function describe(backend: AvailableBackend, tenants: ReadonlySet<Tenant>): WorkerStatus {
  return {
    backend,
    heapBytes: 0,
    loadedHeapBytes: 0,
    calls: 0,
    isRetired: false,
    get models() {
      return tenants.size;
    },
    get declaredBytes() {
      return [...tenants].reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
    },
  };
}

/** Tells the worker's other models why it ended: a lost worker is lost for all, one that a model ended is that model's doing. */
function toFailure(reason: unknown): WorkerFailure {
  const isOfWorker = isLostWorker(reason) && reason.code !== 'terminated';
  const message = isNearsideError(reason) ? reason.message : String(reason);
  return isOfWorker
    ? { message, cause: reason }
    : { message: `another model in it had it ended: ${message}`, cause: reason, isAnothers: true };
}
