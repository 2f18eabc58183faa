import { withMemoryFallback } from '@nearside/artifact';
import { openStore } from '#platform';
import { isBackendFault } from './backend-fault.js';
import { createModel } from './create-model.js';
import type { CustomModel } from './custom-model.js';
import { createModelEmitter } from './events.js';
import type { Model } from './model.js';
import { type OpenOptions, type OpenPlan, planOpening } from './open-options.js';
import type { OpenedVersion } from './protocol.js';
import { serveInstalled } from './serve-installed.js';
import { readInstallIdentity } from './telemetry/install-identity.js';

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
  const reports = withMemoryFallback(openStore('nearside-reports', plan.store));
  let version: OpenedVersion | undefined;
  // Fetched beside, because the network may be gone when it is needed.
  const lazy = plan.fallback && import('./fallback-model.js');
  lazy?.catch(() => {});
  try {
    const identity = await readInstallIdentity(reports);
    const emitter = createModelEmitter();
    const parts = { plan, reports, identity, emitter, startMs };
    try {
      const serving = await serveInstalled({
        ...parts,
        onOpened(opened) {
          version ??= opened;
        },
      });
      return createModel({ serving, ...parts });
    } catch (error) {
      const { fallback } = plan;
      if (!fallback || !lazy || !isBackendFault(error)) throw error;
      const { createFallbackModel } = await lazy.catch(() => Promise.reject(error));
      return createFallbackModel({ fallback, error, version, ...parts });
    }
  } catch (error) {
    await reports.close();
    throw error;
  }
}
