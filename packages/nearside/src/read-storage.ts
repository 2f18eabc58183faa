import type { StorageReport } from '@nearside/artifact';
import type { StorageOptions } from './model.js';
import type { OpenPlan } from './opening/open-options.js';
import type { Handover } from './running/handover.js';
import { requireKnownOptions } from './running/require-known-options.js';
import { askWorker } from './workers/ask-worker.js';

const KNOWN: readonly (keyof StorageOptions)[] = ['persist'];

/**
 * What a model takes on this device.
 *
 * @throws TypeError for wrong options; NearsideError a store code, or `terminated`
 */
export async function readStorage(
  { handover, plan }: { handover: Handover; plan: OpenPlan },
  options: StorageOptions = {},
): Promise<StorageReport> {
  requireKnownOptions('storage', options, KNOWN);
  const { persist = false } = options;
  if (typeof persist !== 'boolean') {
    throw new TypeError(
      `storage: expected \`persist\` to be true or false; got ${String(persist)}`,
    );
  }
  if (plan.unsigned) return { kind: 'memory', versions: [] };
  // Asked of the page itself, because a worker cannot show the question a browser may have.
  if (persist) await globalThis.navigator?.storage?.persist?.();
  return handover.run(({ serving }) =>
    askWorker(serving.connection, { plan }, (connection) => connection.storage()),
  );
}
