import type { createModel, ModelParts } from '../create-model.js';
import { isBackendFault } from '../failures/backend-fault.js';
import { fallBack } from '../fallback/fallback.js';
import { createFallbackModel } from '../fallback/fallback-model.js';
import type { Model } from '../model.js';
import type { OpenedVersion } from '../protocol.js';
import { snapshotCustom } from '../running/snapshot-custom.js';
import type { serveInstalled } from './serve-installed.js';
import { requireOwnWorker } from './start-own-worker.js';

interface Steps {
  readonly serveInstalled: typeof serveInstalled;
  readonly createModel: typeof createModel;
}

/**
 * Opens with what is the app's own: a worker, or a function that answers for want of a backend.
 *
 * @param steps of any opening: importing them from here would be a cycle
 */
export async function openWithOwn(
  parts: Omit<ModelParts, 'serving' | 'own'>,
  { serveInstalled, createModel }: Steps,
): Promise<Model> {
  const { emitter, choice, startMs } = parts;
  const { fallback, worker } = parts.plan;
  const plan = { ...parts.plan, worker: worker && requireOwnWorker(worker) };
  let version: OpenedVersion | undefined;
  const onOpened = (opened: OpenedVersion) => {
    version ??= opened;
  };
  try {
    const serving = await serveInstalled({ plan, emitter, choice, identity: undefined, onOpened });
    return await createModel({
      ...{ serving, plan, emitter, choice, startMs },
      own: (leaving) => ({
        snapshotCustom,
        fallBack: fallback && ((failed) => fallBack(failed, { fallback, emitter, leaving })),
      }),
    });
  } catch (error) {
    if (!fallback || !isBackendFault(error)) throw error;
    return createFallbackModel({ fallback, error, version, plan, emitter, startMs });
  }
}
