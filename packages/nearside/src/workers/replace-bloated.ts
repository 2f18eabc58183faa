import type { EngineContext } from '../engine/engine-context.js';
import type { WorkerStatus } from './shared-workers.js';

/** A worker's heap may be so many times what its models declare: it never shrinks by itself. */
const TOLERANCE = 2;

/** The heap at which a backend's worker was replaced last: one that needs it again is left alone. */
const replacedAtBytes = new WeakMap<EngineContext, Map<string, number>>();

/**
 * Replaces workers whose heap has grown to more than twice what their models declare, while nobody
 * uses them: the models are loaded again in a new one at once.
 */
export function replaceBloated(engine: EngineContext): void {
  const known = replacedAtBytes.get(engine) ?? new Map<string, number>();
  replacedAtBytes.set(engine, known);
  for (const worker of engine.workers.live) {
    if (worker.heapBytes <= limitOf(worker, known.get(worker.backend) ?? 0)) continue;
    const models = [...engine.models].filter(({ workers }) => workers.includes(worker));
    // A version that is being tried, or opened, is nobody's yet.
    if (worker.models !== models.length || !models.every(({ mayRest }) => mayRest)) continue;
    known.set(worker.backend, worker.heapBytes);
    worker.isRetired = true;
    for (const model of models) if (model.rest()) void model.wake();
  }
}

/** What loading alone takes is no bloat, whatever the models declare: a new worker would take it too. */
function limitOf({ declaredBytes, loadedHeapBytes }: WorkerStatus, knownBytes: number): number {
  return Math.max(TOLERANCE * declaredBytes, TOLERANCE * loadedHeapBytes, knownBytes);
}
