import type { Database, StorageReport } from '@nearside/artifact';
import { clearModels } from '@nearside/artifact/clear-models';
import { openStore } from '#open-store';
import type { StorageOptions } from '../../../shared/api/model.js';
import type { StoreChoice } from '../../../shared/api/open-options.js';
import { checkOptions } from '../../../shared/check-options.js';
import { kindWords } from '../../../shared/kind-words.js';
import { NO_OPTIONS, type OptionKinds, ownOptions, SWITCH } from '../../../shared/option-kinds.js';
import { LEFT } from '../../../shared/page-events.js';
import type { OpenPlan } from '../../options/plan-opening.js';
import type { Handover } from '../../serving/handover.js';
import { askWorker, untilAborted } from '../../workers/watchdog.js';

const KINDS: OptionKinds<keyof StorageOptions> = { persist: SWITCH };

export interface StorageContext {
  readonly handover: Handover;
  readonly plan: OpenPlan;
  /** Aborted with the error that calls get after `close()`. */
  readonly closing?: AbortSignal | undefined;
}

/**
 * Reports the bytes that a model takes on this device.
 *
 * @throws as {@link checkStorageOptions}; NearsideError a store code, `terminated`, or `closed`
 */
export async function readStorage(
  { handover, plan, closing }: StorageContext,
  options?: StorageOptions,
): Promise<StorageReport> {
  const { persist } = checkStorageOptions(options);
  if (plan.unsigned) return { kind: 'memory', versions: [] };
  if (persist && !handover.current.noBackend) await askToPersist(closing);
  const { watchdogMs } = plan.policy;
  return handover.run((serving) =>
    askWorker(serving.connection, { watchdogMs, signal: undefined }, (connection) =>
      connection.storage(),
    ),
  );
}

/**
 * The page asks, because a worker cannot show the question that a browser may have. A user may leave it
 * unanswered; a frame without an origin may not even ask, which the report tells.
 */
async function askToPersist(closing: AbortSignal | undefined): Promise<void> {
  const ask = async () => globalThis.navigator?.storage?.persist?.().catch(() => false);
  await untilAborted([closing], ask);
}

/** @throws TypeError, naming the option, expected and got */
export function checkStorageOptions(given: StorageOptions = NO_OPTIONS): StorageOptions {
  const options = ownOptions(given);
  checkOptions('storage', options, KINDS, { words: kindWords });
  return options;
}

export interface StoredToClear {
  /** Undefined clears everything: all models, vectors of texts, and reports that were not sent yet. */
  readonly model: string | undefined;
  readonly store: StoreChoice;
}

/** @throws NearsideError a store code */
export async function clearStored({ model, store }: StoredToClear): Promise<void> {
  const models = openStore('nearside-models', store);
  try {
    await clearModels(models, model);
  } finally {
    await models.close();
    await deleteFrom('nearside-vectors', { prefix: model === undefined ? '' : `${model}/`, store });
    if (model === undefined) await clearRest(store);
  }
}

async function clearRest(store: StoreChoice): Promise<void> {
  try {
    localStorage.removeItem(LEFT);
  } catch {
    // Node, or a store that is blocked
  }
  await deleteFrom('nearside-reports', { prefix: '', store });
}

async function deleteFrom(
  database: Database,
  { prefix, store }: { prefix: string; store: StoreChoice },
): Promise<void> {
  const objects = openStore(database, store);
  try {
    await objects.commit({ delete: await objects.keys(prefix) });
  } finally {
    await objects.close();
  }
}
