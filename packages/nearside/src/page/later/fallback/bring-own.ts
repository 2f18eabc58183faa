import { isNearsideError, NearsideError } from '@nearside/core';
import type { Model } from '../../../shared/api/model.js';
import type { StartWorker } from '../../../shared/api/open-options.js';
import { isBackendFault } from '../../../shared/failures.js';
import type { OpenedVersion } from '../../../shared/protocol.js';
import type { FirstLook } from '../../choice/first-look.js';
import { takeDeaths } from '../../choice/later/deaths.js';
import type { OpenPlan } from '../../options/plan-opening.js';
import type { RunnerOptions } from '../../running/run-model.js';
import type { Serving } from '../../serving/serving.js';
import { reportFailedOpen } from '../../telemetry/later/reporting.js';
import { captureInputs } from '../capturing/capture-inputs.js';
import { fallBack, refusalOf, standIn } from './fallback.js';

/** The app's own parts: a worker, a function that answers for want of a backend, one that says which inputs to keep. */
export interface Own {
  readonly plan: OpenPlan;
  /** Told of every version that is opened: one that no backend serves is still checked, and reported as that. */
  readonly onOpened: (version: OpenedVersion) => void;
  /** @throws the error, where there is no `fallback`, or it is not for want of a backend */
  readonly whenNoneServes: (error: unknown) => ReturnType<typeof standIn>;
  /** @param leaving aborted when the model is closed */
  readonly forRuns: (
    serving: Serving,
    leaving: AbortSignal,
  ) => Pick<RunnerOptions, 'fallBack'> & Partial<Pick<RunnerOptions, 'refusal'>>;
  /** The model as the app gets it. */
  readonly finish: (model: Model) => Model;
}

export function bringOwn(given: OpenPlan, { choice }: FirstLook): Own {
  const { fallback, worker, capture } = given;
  const plan = { ...given, worker: worker && requireOwnWorker(worker) };
  let version: OpenedVersion | undefined;
  return {
    plan,
    onOpened(opened) {
      version ??= opened;
    },
    whenNoneServes(error) {
      if (!fallback || !isForWantOfBackend(error)) throw error;
      if (!version) void reportFailed(plan, error);
      return standIn(error, plan, { version, caution: choice.caution });
    },
    forRuns: (serving, leaving) => ({
      fallBack: fallback && ((failed) => fallBack(failed, { fallback, leaving })),
      refusal:
        serving.noBackend &&
        ((input) =>
          version && input !== undefined ? refusalOf(input, serving) : serving.noBackend),
    }),
    finish: (model) => (capture ? captureInputs(model, capture) : model),
  };
}

function isForWantOfBackend(error: unknown): error is NearsideError {
  return isBackendFault(error) || (isNearsideError(error) && error.code === 'page-lost');
}

/** Wrapped by the app's function, once each: models whose functions are the same share a worker. */
const required = new WeakMap<StartWorker, StartWorker>();

/**
 * Wraps the app's function, which must return a worker.
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

/** Reports an `open` that failed, and the deaths that no report has. Never rejects. */
export function reportFailed(plan: OpenPlan, error: unknown): Promise<void> {
  return reportFailedOpen(plan, error, () => takeDeaths(plan));
}
