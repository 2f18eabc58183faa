import { MOST_WORKERS, NearsideError } from '@nearside/core';
import type { Output } from '@nearside/pipeline';
import { hostedBackends, startBackendWorker } from '#platform';
import type { CustomModel, Model, TaskModel } from '../shared/api/model.js';
import type { ModelReference, OpenOptions, StartWorker } from '../shared/api/open-options.js';
import type { Input } from '../shared/api/run.js';
import type { ModelOf, TaskName } from '../shared/api/tasks.js';
import { checkOptions } from '../shared/check-options.js';
import { kindWords } from '../shared/kind-words.js';
import {
  ABOVE_0,
  ASSETS,
  FUNCTION,
  NO_OPTIONS,
  type OptionKinds,
  ownOptions,
  WHOLE_ABOVE_0,
} from '../shared/option-kinds.js';
import { loadLater } from './model/load-later.js';
import { openAsPlanned } from './open.js';
import { readReference } from './options/call-options.js';
import { planOpening } from './options/plan-opening.js';
import { joinEngine } from './serving/join-engine.js';
import type { PoolBounds, PoolServing } from './serving/later/pooled-serving.js';
import type { EngineContext } from './workers/engine-context.js';
import { createMemoryBudget, type EngineModel } from './workers/engine-context.js';
import { createSharedWorkers } from './workers/shared-workers.js';

/** Options of `createEngine`; none is required. */
export interface EngineOptions {
  /**
   * Workers per model, for small ones that are called a lot; 1 by default. `auto` follows the load, up to
   * 4 and the number of cores. Several share the cores out: each of N has the cores ÷ N threads, with `auto` one.
   */
  readonly workers?: number | 'auto' | undefined;
  /** As in `open`, for its models that name none: of each worker, where a model has several. */
  readonly threads?: number | undefined;
  /**
   * Limit of the bytes that the loaded models declare together; none by default. Over it the model not used for
   * longest is put to rest: its next call loads it again from the cache.
   */
  readonly memoryBudgetBytes?: number | undefined;
  /** A model that is not used for so long is put to rest, ms; never by default. */
  readonly idleMs?: number | undefined;
  /** As in `open`, for its models that name none. */
  readonly assets?: string | undefined;
  /** As in `open`, for its models that name none. */
  readonly worker?: StartWorker | undefined;
}

/** Opens models that share workers and limits. */
export interface Engine extends AsyncDisposable {
  /** As `open`; rejects with `out-of-memory` for a model larger than the engine's budget. */
  open<Task extends TaskName>(
    url: string,
    options: OpenOptions & { readonly task: Task },
  ): Promise<ModelOf<Task>>;
  open<Given = Input, Result = Output>(
    reference: ModelReference<Given, Result>,
    options?: OpenOptions,
  ): Promise<TaskModel<Given, Result>>;
  open(url: string, options: OpenOptions): Promise<Model>;
  /** A model of a task of the app's own. */
  open<Result>(url: string, options: OpenOptions): Promise<CustomModel<Result>>;
  stats(): EngineStats;
  /** Closes every model, and ends what is being opened. Safe to call twice. */
  close(): Promise<void>;
}

export interface EngineStats {
  readonly models: readonly { readonly model: string; readonly isResting: boolean }[];
  /** The workers that are alive. */
  readonly workers: readonly WorkerStats[];
  /** Bytes that the loaded models declare. */
  readonly declaredBytes: number;
}

export interface WorkerStats {
  readonly backend: string;
  readonly models: number;
  /** Bytes that its wasm memory holds; undefined while unknown. */
  readonly heapBytes: number | undefined;
}

/** @throws TypeError or RangeError for wrong options */
export function createEngine(given: EngineOptions = NO_OPTIONS): Engine {
  const options = ownOptions(given);
  checkOptions('createEngine', options, KINDS, { words: kindWords });
  const { assets, worker, workers = 1 } = options;
  const { threads, ...bounds } = planPool(workers);
  const defaults = { assets, worker, threads: options.threads ?? threads };
  const engine = createContext(options);
  const closing = new AbortController();
  const opening = new Set<Promise<Model>>();

  async function open<Task extends TaskName>(
    url: string,
    options: OpenOptions & { readonly task: Task },
  ): Promise<ModelOf<Task>>;
  async function open<Given = Input, Result = Output>(
    reference: ModelReference<Given, Result>,
    options?: OpenOptions,
  ): Promise<TaskModel<Given, Result>>;
  async function open(url: string, options: OpenOptions): Promise<Model>;
  async function open<Result>(url: string, options: OpenOptions): Promise<CustomModel<Result>>;
  async function open(
    model: string | ModelReference<unknown, unknown>,
    options?: OpenOptions,
  ): Promise<Model> {
    const startMs = performance.now();
    closing.signal.throwIfAborted();
    const plan = await planOpening(...readReference(model, options), {
      hosted: hostedBackends,
      defaults,
      help: loadLater,
    });
    const poolServing = bounds.max > 1 ? await poolOf(bounds) : undefined;
    const signals = [closing.signal, ...(plan.signal ? [plan.signal] : [])];
    const opened = openAsPlanned(
      { ...plan, signal: AbortSignal.any(signals) },
      { engine, startMs, poolServing, joinEngine },
    );
    opening.add(opened);
    try {
      return await opened;
    } finally {
      opening.delete(opened);
    }
  }

  async function close(): Promise<void> {
    closing.abort(closedError());
    await Promise.allSettled(opening);
    await Promise.all([...engine.models].map((model) => model.close()));
  }

  return { open, close, stats: () => describeEngine(engine), [Symbol.asyncDispose]: close };
}

/** Few engines have pools, so their code is loaded when one is asked for. */
async function poolOf(bounds: PoolBounds): Promise<PoolServing> {
  const { servePool } = await loadLater();
  return (first, context) => servePool(first, context, bounds);
}

function describeEngine(engine: ReturnType<typeof createContext>): EngineStats {
  const { models, workers, memory } = engine;
  return {
    models: [...models].map(({ name, isResting }) => ({ model: name, isResting })),
    workers: workers.live.map(({ backend, models, heapBytes }) => ({
      backend,
      models,
      heapBytes: heapBytes || undefined,
    })),
    declaredBytes: memory.usedBytes,
  };
}

function createContext({ memoryBudgetBytes, idleMs }: EngineOptions) {
  const workers = createSharedWorkers(startBackendWorker);
  const models = new Set<EngineModel>();
  const memory = createMemoryBudget(memoryBudgetBytes, { workers, models });
  return { workers, models, memory, idleMs } satisfies EngineContext;
}

/** The cores are shared out between the workers that there may be. */
function planPool(workers: number | 'auto') {
  const cores = globalThis.navigator?.hardwareConcurrency ?? 1;
  if (workers === 'auto') {
    return { min: 1, max: Math.min(MOST_BY_LOAD, Math.max(1, cores)), threads: 1 };
  }
  const threads = workers === 1 ? undefined : Math.max(1, Math.floor(cores / workers));
  return { min: workers, max: workers, threads };
}

/** Workers of one model at most under `auto`, however many cores there are: each holds the model once more. */
const MOST_BY_LOAD = 4;

const KINDS: OptionKinds<keyof EngineOptions> = {
  workers: {
    fits: (workers: unknown) =>
      workers === 'auto' ||
      (Number.isSafeInteger(workers) && Number(workers) >= 1 && Number(workers) <= MOST_WORKERS),
    expected: `1 to ${MOST_WORKERS} or 'auto'`,
    error: RangeError,
  },
  threads: WHOLE_ABOVE_0,
  memoryBudgetBytes: ABOVE_0,
  idleMs: ABOVE_0,
  assets: ASSETS,
  worker: FUNCTION,
};

function closedError(): NearsideError {
  return new NearsideError('closed', 'Expected an open engine, got one after close().');
}
