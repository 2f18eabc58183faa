import { startBackendWorker } from '#platform';
import type { WorkerFactory } from './platform/host.js';
import { createSharedWorkers, type SharedWorkers } from './shared-workers.js';

/** What the models of one engine share. */
export interface EngineContext {
  readonly workers: SharedWorkers;
  readonly assets: string | undefined;
  readonly worker: WorkerFactory | undefined;
}

/** The one of `open`: a worker per backend, no limits. Nothing is started before it is needed. */
export const DEFAULT_ENGINE: EngineContext = /* @__PURE__ */ createEngineContext({});

export function createEngineContext({
  assets,
  worker,
}: {
  assets?: string | undefined;
  worker?: WorkerFactory | undefined;
}): EngineContext {
  return { workers: createSharedWorkers(startBackendWorker), assets, worker };
}
