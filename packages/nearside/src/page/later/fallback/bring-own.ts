import { NearsideError } from '@nearside/core';
import type { Model } from '../../../shared/api/model.js';
import type { StartWorker } from '../../../shared/api/open-options.js';
import { isBackendFault } from '../../../shared/failures.js';
import type { OpenedVersion } from '../../../shared/protocol.js';
import type { OpenPlan } from '../../options/plan-opening.js';
import type { RunnerOptions } from '../../running/run-model.js';
import type { ModelContext } from '../../serving/serving.js';
import { reportFailedOpen } from '../../telemetry/later/report-failed-open.js';
import { captureInputs } from '../capturing/capture-inputs.js';
import { fallBack } from './fallback.js';
import { createFallbackModel } from './fallback-model.js';

/** What the app has of its own, a worker, a function that answers for want of a backend, or one that says what is kept. */
export interface Own {
  readonly plan: OpenPlan;
  /** Told of every version that is opened: what no backend serves is still checked and reported as that. */
  readonly onOpened: (version: OpenedVersion) => void;
  /** @param leaving aborted when the model is closed */
  readonly forRuns: (leaving: AbortSignal) => Pick<RunnerOptions, 'fallBack'>;
  /** The model as the app gets it. */
  readonly finish: (model: Model) => Model;
  /** @throws the error, where there is no `fallback`, or it is not for want of a backend */
  readonly whenNoneServes: (error: unknown) => Model;
}

export function bringOwn({
  plan: given,
  engine,
  emitter,
  startMs,
}: Pick<ModelContext, 'plan' | 'engine' | 'emitter'> & { startMs: number }): Own {
  const { fallback, worker, capture } = given;
  const plan = { ...given, worker: worker && requireOwnWorker(worker) };
  const finish = (model: Model) => (capture ? captureInputs(model, capture) : model);
  let version: OpenedVersion | undefined;
  return {
    plan,
    onOpened(opened) {
      version ??= opened;
    },
    forRuns: (leaving) => ({
      fallBack: fallback && ((failed) => fallBack(failed, { fallback, leaving })),
    }),
    finish,
    whenNoneServes(error) {
      if (!fallback || !isBackendFault(error)) {
        void reportFailedOpen(given, error);
        throw error;
      }
      return finish(
        createFallbackModel({ fallback, error, version, plan, engine, emitter, startMs }),
      );
    },
  };
}

/** By the app's function: models whose functions are the same share a worker, so each function is wrapped once. */
const required = new WeakMap<StartWorker, StartWorker>();

/**
 * The app's function, which must return a worker.
 *
 * @throws NearsideError `no-backend` where the app has none, so that the next backend is tried
 */
export function requireOwnWorker(start: StartWorker): StartWorker {
  const known = required.get(start);
  if (known) return known;
  const own: StartWorker = (backend) => {
    const worker = start(backend);
    if (worker instanceof Worker) return worker;
    if (worker !== undefined) {
      throw new TypeError(`open: expected \`worker\` to return a Worker; got ${typeof worker}`);
    }
    throw new NearsideError(
      'no-backend',
      `${backend}: expected a worker of the app's own, got none: \`worker\` returned undefined.`,
      { details: { backend } },
    );
  };
  required.set(start, own);
  return own;
}
