import { type ModelSpec, NearsideError } from '@nearside/core';
import { startBackendWorker } from '#platform';
import { createSharedWorkers, type SharedWorkers, type WorkerStatus } from './shared-workers.js';

/** The state that the models of one engine share. */
export interface EngineContext {
  readonly workers: SharedWorkers;
  /** The models that are open, or at rest. */
  readonly models: Set<EngineModel>;
  /** A model that was not used for so long is put to rest, ms; undefined for never. */
  readonly idleMs: number | undefined;
  /** Counts the memory of loaded models, with a limit or without. Undefined for `open` alone. */
  readonly memory: ReturnType<typeof createMemoryBudget> | undefined;
}

/** The engine of `open`: a worker per backend, no limits. Nothing is started before it is needed. */
export const DEFAULT_ENGINE: EngineContext = {
  workers: /* @__PURE__ */ createSharedWorkers(startBackendWorker),
  models: /* @__PURE__ */ new Set(),
  idleMs: undefined,
  memory: undefined,
};

/** An open model as its engine sees it: loaded, or at rest until the next call. */
export interface EngineModel {
  readonly name: string;
  /** By `performance.now()`. */
  readonly lastUsedMs: number;
  /** A rest would cut nothing. */
  readonly mayRest: boolean;
  readonly isResting: boolean;
  readonly workers: readonly WorkerStatus[];
  /** Gives its session up if it is idle. @returns whether it did */
  rest(): boolean;
  /** Loads it again. Never rejects: if it fails, the next call does. */
  wake(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Keeps the models of an engine within a limit, by the bytes that they declare.
 *
 * @param limitBytes undefined for no limit
 */
export function createMemoryBudget(
  limitBytes: number | undefined,
  { workers, models }: { workers: SharedWorkers; models: ReadonlySet<EngineModel> },
) {
  const usedBytes = () => workers.live.reduce((sum, worker) => sum + worker.declaredBytes, 0);
  const hasRoomFor = (sizeBytes: number) =>
    limitBytes === undefined || usedBytes() + sizeBytes <= limitBytes;

  function restUntilRoomFor(sizeBytes: number): void {
    if (hasRoomFor(sizeBytes)) return;
    const byAge = [...models].sort((a, b) => a.lastUsedMs - b.lastUsedMs);
    for (const model of byAge) {
      if (hasRoomFor(sizeBytes)) return;
      model.rest();
    }
  }

  return {
    /** Bytes that the loaded models need. */
    get usedBytes() {
      return usedBytes();
    },
    /**
     * Puts the models that were not used for longest to rest before another is loaded, as far as they are idle. A
     * model in use is never cut, so the budget may be exceeded until its calls end.
     *
     * @param isOptional nobody is put to rest for it
     * @throws NearsideError `out-of-memory` for a model that alone needs more; for an optional one that has no
     *   room beside those that are loaded
     */
    makeRoom({ name, limits: { memoryBytes } }: ModelSpec, isOptional?: boolean): void {
      if (limitBytes !== undefined && memoryBytes > limitBytes) {
        throw overBudget(name, { memoryBytes, memoryBudgetBytes: limitBytes });
      }
      if (limitBytes !== undefined && isOptional && !hasRoomFor(memoryBytes)) {
        throw noRoom(name, { memoryBytes, memoryBudgetBytes: limitBytes });
      }
      restUntilRoomFor(memoryBytes);
    },
    hasRoomFor,
    /** Does the same after a call, for a budget that was exceeded. */
    settle: () => restUntilRoomFor(0),
  };
}

interface Need {
  readonly memoryBytes: number;
  readonly memoryBudgetBytes: number;
}

function noRoom(model: string, details: Need): NearsideError {
  const { memoryBytes, memoryBudgetBytes } = details;
  return new NearsideError(
    'out-of-memory',
    `Expected room for another ${memoryBytes} bytes of ${model} within ${memoryBudgetBytes}, the engine's ` +
      'memory budget; got models that are loaded and are not put to rest for it.',
    { details: { model, ...details } },
  );
}

function overBudget(model: string, details: Need): NearsideError {
  const { memoryBytes, memoryBudgetBytes } = details;
  return new NearsideError(
    'out-of-memory',
    `Expected a model that needs at most ${memoryBudgetBytes} bytes, the engine's memory budget; got ` +
      `${model}, which declares ${memoryBytes}. Raise \`memoryBudgetBytes\`, or use a smaller model.`,
    { details: { model, ...details } },
  );
}
