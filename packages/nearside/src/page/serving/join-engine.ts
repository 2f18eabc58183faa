import { LONGEST_TIMER_MS } from '@nearside/artifact';
import { onPageReturn } from '../../shared/page-events.js';
import { unref } from '../../shared/timers.js';
import type { EngineContext, EngineModel } from '../workers/engine-context.js';
import type { WorkerStatus } from '../workers/shared-workers.js';
import { probeWorker } from '../workers/watchdog.js';
import { type Handover, rested } from './handover.js';

interface JoinOptions {
  readonly engine: EngineContext;
  readonly handover: Handover;
  /** True while a call waits, or work beside runs is under way. */
  readonly isNeeded: () => boolean;
  readonly close: () => Promise<void>;
}

export type JoinEngine = typeof joinEngine;

/** Lets the engine put a model to rest while nobody uses it, and do its housekeeping after calls. */
export function joinEngine({ engine, handover, isNeeded, close }: JoinOptions) {
  const { model: name } = handover.current.version.release;
  let lastUsedMs = performance.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let hasLeft = false;

  const model: EngineModel = {
    name,
    close,
    get lastUsedMs() {
      return lastUsedMs;
    },
    get mayRest() {
      return !isNeeded() && handover.mayRest;
    },
    get isResting() {
      return handover.isResting;
    },
    get workers() {
      return handover.isResting ? [] : handover.current.connection.workers;
    },
    rest: () => !handover.current.noBackend && !isNeeded() && handover.rest(rested(name)),
    async wake() {
      await handover.awake().catch(() => {});
    },
  };
  engine.models.add(model);

  function restWhenIdle(): void {
    if (engine.idleMs === undefined) return;
    clearTimeout(timer);
    timer = setTimeout(
      () => {
        // A call that is under way comes here again when it ends; an update's look does not.
        if (!model.rest() && !handover.isResting) restWhenIdle();
      },
      Math.min(engine.idleMs, LONGEST_TIMER_MS),
    );
    unref(timer);
  }

  const stopWatching = onPageReturn(() => void probeWorker(handover.current.connection));
  restWhenIdle();
  return {
    /** To be told after each call. */
    used(): void {
      if (hasLeft) return; // calls end after their model was closed, too
      lastUsedMs = performance.now();
      restWhenIdle();
      engine.memory?.settle();
      replaceBloated(engine);
    },
    leave(): void {
      hasLeft = true;
      clearTimeout(timer);
      stopWatching();
      engine.models.delete(model);
    },
  };
}

/** A worker's heap, which never shrinks by itself, may be so many times as large as its models declare. */
const TOLERANCE = 2;

/** The heap at which a backend's worker was replaced last: a worker that needs as much again is kept. */
const replacedAtBytes = new WeakMap<EngineContext, Map<string, number>>();

/**
 * Replaces workers whose heap has grown to more than twice the bytes that their models declare, while nobody
 * uses them: the models are loaded again in a new one at once.
 */
export function replaceBloated(engine: EngineContext): void {
  const known = replacedAtBytes.get(engine) ?? new Map<string, number>();
  replacedAtBytes.set(engine, known);
  for (const worker of engine.workers.live) {
    if (worker.heapBytes <= limitOf(worker, known.get(worker.backend) ?? 0)) continue;
    const models = [...engine.models].filter(({ workers }) => workers.includes(worker));
    // A version that is being tried, or opened, belongs to no model yet.
    if (worker.models !== models.length || !models.every(({ mayRest }) => mayRest)) continue;
    known.set(worker.backend, worker.heapBytes);
    worker.isRetired = true;
    for (const model of models) if (model.rest()) void model.wake();
  }
}

/** A new worker would take as much as loading took, whatever the models declare. */
function limitOf({ declaredBytes, loadedHeapBytes }: WorkerStatus, knownBytes: number): number {
  return Math.max(TOLERANCE * declaredBytes, TOLERANCE * loadedHeapBytes, knownBytes);
}
