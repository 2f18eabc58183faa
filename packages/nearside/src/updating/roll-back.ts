import type { ErrorCode } from '@nearside/core';
import type { ModelContext, Serving } from '../opening/serving.js';
import { askWorker } from '../workers/ask-worker.js';

/** A version that is given up. */
export interface RollBack extends Pick<ModelContext, 'plan' | 'emitter'> {
  readonly failed: { readonly version: string; readonly sequence: number };
  /** What serves instead. */
  readonly to: Serving;
  readonly code: ErrorCode;
}

/**
 * Gives a version up on this device and says so. Three things lead here: an installed version that
 * cannot be loaded any more, a candidate that has used up its tries, and a version that fails soon
 * after it took over. In each another one serves, and no network is needed.
 *
 * @throws NearsideError a store code, or `terminated`
 */
export async function rollBack(event: RollBack): Promise<void> {
  const { failed, to, code, plan } = event;
  const rejected = { sequence: failed.sequence, failure: code };
  const { watchdogMs } = plan.policy;
  const how = { watchdogMs, signal: undefined };
  await askWorker(to.connection, how, ({ reject }) => reject(rejected));
  announceRollBack(event);
}

/** For a version that is not to blame: its bytes are gone, and may come back with the network. */
export function announceRollBack({ failed, to, code, emitter }: RollBack): void {
  const { version } = to.version.release;
  emitter.emit('version-rolled-back', { from: failed.version, to: version, code });
}
