import { readBackendChoice } from './choice/read-choice.js';
import { createModel } from './create-model.js';
import type { CustomModel } from './custom-model.js';
import { createModelEmitter } from './events.js';
import { loadLater } from './later/load-later.js';
import type { Model } from './model.js';
import type { OpenOptions } from './opening/open-options.js';
import { type OpenPlan, planOpening } from './opening/plan-opening.js';
import { serveInstalled } from './opening/serve-installed.js';

/**
 * Opens a model: verifies it, loads it in a worker and proves it there. With a verified copy on
 * the device this needs no network.
 *
 * @param url the model's address; its last path segment names the model, the rest its repository
 * @throws NearsideError with a code from `docs/errors.md`; `signal.reason` on abort; TypeError or
 *   RangeError for wrong options. Nothing is left running
 */
export async function open(url: string, options: OpenOptions): Promise<Model>;
/** A model of a task of the app's own, whose `worker` gives results of type `Result`. */
export async function open<Result>(url: string, options: OpenOptions): Promise<CustomModel<Result>>;
export async function open(url: string, options: OpenOptions): Promise<Model> {
  const startMs = performance.now();
  return openAsPlanned(await planOpening(url, options), startMs);
}

/** @param startMs when `open` was called, by `performance.now()` */
export async function openAsPlanned(plan: OpenPlan, startMs: number): Promise<Model> {
  plan.signal?.throwIfAborted();
  const emitter = createModelEmitter();
  const choice = await readBackendChoice(plan);
  const parts = { plan, emitter, choice, startMs, own: undefined };
  if (plan.fallback || plan.worker) {
    const { openWithOwn } = await loadLater();
    return openWithOwn(parts, { serveInstalled, createModel });
  }
  const context = { plan, emitter, choice, identity: undefined, onOpened: undefined };
  return createModel({ serving: await serveInstalled(context), ...parts });
}
