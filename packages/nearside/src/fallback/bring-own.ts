import { isBackendFault } from '../failures/backend-fault.js';
import type { Model } from '../model.js';
import type { OpenPlan } from '../opening/plan-opening.js';
import type { ModelContext } from '../opening/serving.js';
import { requireOwnWorker } from '../opening/start-own-worker.js';
import type { OpenedVersion } from '../protocol.js';
import type { RunnerOptions } from '../running/run-model.js';
import { snapshotCustom } from '../running/snapshot-custom.js';
import { fallBack } from './fallback.js';
import { createFallbackModel } from './fallback-model.js';

/** What the app has of its own, a worker or a function that answers for want of a backend, as opening uses it. */
export interface Own {
  readonly plan: OpenPlan;
  /** Told of every version that is opened: what no backend serves is still checked and reported as that. */
  readonly onOpened: (version: OpenedVersion) => void;
  /** @param leaving aborted when the model is closed */
  readonly forRuns: (leaving: AbortSignal) => Pick<RunnerOptions, 'fallBack' | 'snapshotCustom'>;
  /** @throws the error, where there is no `fallback`, or it is not for want of a backend */
  readonly whenNoneServes: (error: unknown) => Model;
}

export function bringOwn({
  plan: given,
  engine,
  emitter,
  startMs,
}: Pick<ModelContext, 'plan' | 'engine' | 'emitter'> & { startMs: number }): Own {
  const { fallback, worker } = given;
  const plan = { ...given, worker: worker && requireOwnWorker(worker) };
  let version: OpenedVersion | undefined;
  return {
    plan,
    onOpened(opened) {
      version ??= opened;
    },
    forRuns: (leaving) => ({
      snapshotCustom,
      fallBack: fallback && ((failed) => fallBack(failed, { fallback, leaving })),
    }),
    whenNoneServes(error) {
      if (!fallback || !isBackendFault(error)) throw error;
      return createFallbackModel({ fallback, error, version, plan, engine, emitter, startMs });
    },
  };
}
