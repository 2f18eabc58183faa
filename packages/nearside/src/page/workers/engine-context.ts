import { startBackendWorker } from '#platform';
import type { EngineModel, MemoryBudget } from './memory-budget.js';
import { createSharedWorkers, type SharedWorkers } from './shared-workers.js';

/** What the models of one engine share. */
export interface EngineContext {
  readonly workers: SharedWorkers;
  /** Those that are open, or at rest. */
  readonly models: Set<EngineModel>;
  /** A model that was not used for so long is put to rest, ms; undefined for never. */
  readonly idleMs: number | undefined;
  /** Which models are at rest and which are not, with a limit or without. Undefined for `open` alone. */
  readonly memory: MemoryBudget | undefined;
}

/** The one of `open`: a worker per backend, no limits. Nothing is started before it is needed. */
export const DEFAULT_ENGINE: EngineContext = {
  workers: /* @__PURE__ */ createSharedWorkers(startBackendWorker),
  models: /* @__PURE__ */ new Set(),
  idleMs: undefined,
  memory: undefined,
};
