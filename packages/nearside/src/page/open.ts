import type { Output } from '@nearside/pipeline';
import { hostedBackends } from '#platform';
import { createModelEmitter } from '../shared/api/events.js';
import type { CustomModel, Model, TaskModel } from '../shared/api/model.js';
import type { ModelReference, OpenOptions } from '../shared/api/open-options.js';
import type { Input } from '../shared/api/run.js';
import type { ModelOf, TaskName } from '../shared/api/tasks.js';
import { lookFirst } from './choice/first-look.js';
import { AT_OPENING, markPage } from './choice/page-mark.js';
import { createModel, type EngineParts } from './model/create-model.js';
import { loadLater } from './model/load-later.js';
import { readReference } from './options/call-options.js';
import { NO_DEFAULTS, type OpenPlan, planOpening } from './options/plan-opening.js';
import type { Serving } from './serving/serving.js';
import { serveActiveOrPrevious } from './serving/start-version.js';
import { DEFAULT_ENGINE, type EngineContext } from './workers/engine-context.js';

/**
 * Opens a model: verifies it, loads it in a worker and proves it there. With a verified copy on
 * the device this needs no network.
 *
 * @param url the model's address; its last path segment names the model. A {@link ModelReference} has it, with options that
 *   belong to it
 * @throws NearsideError with a code from `docs/errors.md`; `signal.reason` on abort; TypeError or
 *   RangeError for wrong options. Nothing is left running
 */
export async function open<Task extends TaskName>(
  url: string,
  options: OpenOptions & { readonly task: Task },
): Promise<ModelOf<Task>>;
export async function open<Given = Input, Result = Output>(
  reference: ModelReference<Given, Result>,
  options?: OpenOptions,
): Promise<TaskModel<Given, Result>>;
export async function open(url: string, options: OpenOptions): Promise<Model>;
/** A model of a task of the app's own, whose `worker` gives results of type `Result`. */
export async function open<Result>(url: string, options: OpenOptions): Promise<CustomModel<Result>>;
export async function open(
  model: string | ModelReference<unknown, unknown>,
  options?: OpenOptions,
): Promise<Model> {
  const startMs = performance.now();
  const planning = { hosted: hostedBackends, defaults: NO_DEFAULTS, help: loadLater };
  const plan = await planOpening(...readReference(model, options), planning);
  return openAsPlanned(plan, { engine: DEFAULT_ENGINE, startMs });
}

export interface Opening extends EngineParts {
  readonly engine: EngineContext;
  /** When `open` was called, by `performance.now()`. */
  readonly startMs: number;
}

/** Serves a version as planned, and makes a model of it. The app's own worker or function takes part. */
export async function openAsPlanned(
  given: OpenPlan,
  { engine, startMs, ...engineParts }: Opening,
): Promise<Model> {
  given.signal?.throwIfAborted();
  const emitter = createModelEmitter();
  const page = markPage(given);
  const { mark } = page;
  mark(AT_OPENING, { phase: 'opening' });
  let serving: Serving | undefined;
  try {
    const look = await lookFirst(given, page);
    const { choice, boot } = look;
    const careful = look.traces && (await (await loadLater()).openAfterDeaths(given, look, page));
    const { plan: planned, serve } = careful ?? { plan: given, serve: serveActiveOrPrevious };
    const own =
      given.fallback || given.worker || given.capture
        ? (await loadLater()).bringOwn(planned, look)
        : undefined;
    const plan = own?.plan ?? planned;
    const context = {
      plan,
      engine,
      emitter,
      choice,
      mark,
      identity: undefined,
      onOpened: own?.onOpened,
    };
    const started = await serve(context, { help: loadLater, boot }).then(
      (serving) => ({ serving, choice }),
      (error) => {
        if (!own) throw error;
        return own.whenNoneServes(error);
      },
    );
    serving = started.serving;
    mark(AT_OPENING);
    const parts = { ...context, ...engineParts, ...started, startMs, own: own?.forRuns };
    const model = await createModel(parts);
    return own?.finish(model) ?? model;
  } catch (error) {
    mark(AT_OPENING);
    void serving?.connection.close(error);
    if (given.report) {
      loadLater()
        .then((later) => later.reportFailed(given, error))
        .catch(() => {}); // the error is thrown without a report, too
    }
    throw error;
  }
}
