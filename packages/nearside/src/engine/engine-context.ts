import { startBackendWorker } from '#platform';
import type { StartWorker } from '../opening/start-own-worker.js';
import type { PoolServing } from '../workers/pooled-connection.js';
import {
  createSharedWorkers,
  type SharedWorkers,
  type WorkerStatus,
} from '../workers/shared-workers.js';
import type { MemoryBudget } from './memory-budget.js';
import type { TakeResidence } from './resident-model.js';

/** What the models of one engine share. Functions are here so that only who needs them loads them. */
export interface EngineContext {
  readonly workers: SharedWorkers;
  /** Those that are open, or at rest. */
  readonly models: Set<ResidentModel>;
  readonly assets: string | undefined;
  readonly worker: StartWorker | undefined;
  /** CPU threads per worker; undefined leaves it to the backend. The same number gives the same bits. */
  readonly maxThreads: number | undefined;
  /** A model that was not used for so long is put to rest, ms; undefined for never. */
  readonly idleMs: number | undefined;
  /** Which models are at rest and which are not, with a limit or without. Undefined for `open` alone. */
  readonly memory: MemoryBudget | undefined;
  /** Undefined where one worker serves a model. */
  readonly poolServing: PoolServing | undefined;
  /** Undefined where it is soon enough after the first result. */
  readonly takeResidence: TakeResidence | undefined;
}

/** An open model as its engine sees it: loaded, or at rest until the next call. */
export interface ResidentModel {
  readonly name: string;
  /** By `performance.now()`. */
  readonly lastUsedMs: number;
  /** Whether nothing would be cut by putting it to rest. */
  readonly mayRest: boolean;
  readonly isResting: boolean;
  readonly workers: readonly WorkerStatus[];
  /** Gives its session up if it is idle. @returns whether it did */
  rest(): boolean;
  /** Loads it again. Never rejects: if it fails, the next call does. */
  wake(): Promise<void>;
  close(): Promise<void>;
}

/** The one of `open`: a worker per backend, no limits. Nothing is started before it is needed. */
export const DEFAULT_ENGINE: EngineContext = {
  workers: /* @__PURE__ */ createSharedWorkers(startBackendWorker),
  models: /* @__PURE__ */ new Set(),
  assets: undefined,
  worker: undefined,
  maxThreads: undefined,
  idleMs: undefined,
  memory: undefined,
  poolServing: undefined,
  takeResidence: undefined,
};
