import { startBackendWorker } from '#platform';
import { createMemoryBudget, type MemoryBudget } from './memory-budget.js';
import type { WorkerFactory } from './platform/host.js';
import { createSharedWorkers, type SharedWorkers, type WorkerStatus } from './shared-workers.js';

/** What the models of one engine share. */
export interface EngineContext {
  readonly workers: SharedWorkers;
  readonly pool: PoolPlan;
  readonly memory: MemoryBudget;
  /** Those that are open. */
  readonly models: Set<ResidentModel>;
  readonly assets: string | undefined;
  readonly worker: WorkerFactory | undefined;
  /** A model that was not used for so long is put to rest, ms; undefined for never. */
  readonly idleMs: number | undefined;
}

/** How many workers may serve one model. */
export interface PoolPlan {
  readonly min: number;
  readonly max: number;
  /** CPU threads per worker; undefined leaves it to the backend. The same number gives the same bits. */
  readonly maxThreads: number | undefined;
}

/** An open model as its engine sees it: loaded, or at rest until the next call. */
export interface ResidentModel {
  readonly name: string;
  /** By `performance.now()`. */
  readonly lastUsedMs: number;
  readonly isIdle: boolean;
  readonly isResting: boolean;
  readonly workers: readonly WorkerStatus[];
  /** Gives its session up if it is idle. @returns whether it did */
  rest(): boolean;
  /** Loads it again. Never rejects: if it fails, the next call does. */
  wake(): Promise<void>;
  close(): Promise<void>;
}

/** The one of `open`: a worker per backend, no limits. Nothing is started before it is needed. */
export const DEFAULT_ENGINE: EngineContext = /* @__PURE__ */ createEngineContext({});

export function createEngineContext({
  assets,
  worker,
  idleMs,
  memoryBudgetBytes,
  pool = { min: 1, max: 1, maxThreads: undefined },
}: {
  assets?: string | undefined;
  worker?: WorkerFactory | undefined;
  idleMs?: number | undefined;
  memoryBudgetBytes?: number | undefined;
  pool?: PoolPlan;
}): EngineContext {
  const workers = createSharedWorkers(startBackendWorker);
  const models = new Set<ResidentModel>();
  const memory = createMemoryBudget(memoryBudgetBytes, { workers, models });
  return { workers, pool, memory, models, assets, worker, idleMs };
}
