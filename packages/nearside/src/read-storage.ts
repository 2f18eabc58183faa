import type { StorageReport } from '@nearside/artifact';
import type { StorageOptions } from './model.js';
import type { OpenPlan } from './opening/plan-opening.js';
import { checkOptions, type OptionKinds } from './options/check-options.js';
import { SWITCH } from './options/option-kinds.js';
import type { Handover } from './running/handover.js';
import { askWorker } from './workers/ask-worker.js';

const KINDS: OptionKinds<keyof StorageOptions> = { persist: SWITCH };

/**
 * What a model takes on this device.
 *
 * @throws as {@link checkStorageOptions}; NearsideError a store code, or `terminated`
 */
export async function readStorage(
  { handover, plan }: { handover: Handover; plan: OpenPlan },
  options?: StorageOptions,
): Promise<StorageReport> {
  const { persist } = checkStorageOptions(options);
  if (plan.unsigned) return { kind: 'memory', versions: [] };
  // Asked of the page itself, because a worker cannot show the question a browser may have.
  if (persist) await globalThis.navigator?.storage?.persist?.();
  return handover.run(({ serving }) =>
    askWorker(serving.connection, { plan }, (connection) => connection.storage()),
  );
}

/** @throws TypeError, naming the option, expected and got */
export function checkStorageOptions(options: StorageOptions = {}): StorageOptions {
  checkOptions('storage', options, KINDS);
  return options;
}
