import type { ErrorCode } from '@nearside/core';
import type { ModelEmitter } from '../events.js';
import type { Serving } from '../opening/serving.js';

/**
 * Gives a version up on this device and says so. Three things lead here: an installed version that
 * cannot be loaded any more, a candidate that has used up its tries, and a version that fails soon
 * after it took over. In each another one serves, and no network is needed.
 */
export async function rollBack({
  failed,
  to,
  code,
  emitter,
}: {
  failed: { readonly version: string; readonly sequence: number };
  /** What serves instead. */
  to: Serving;
  code: ErrorCode;
  emitter: ModelEmitter;
}): Promise<void> {
  await to.connection.reject({ sequence: failed.sequence, failure: code });
  announceRollBack({ failed, to, code, emitter });
}

/** For a version that is not to blame: its bytes are gone, and may come back with the network. */
export function announceRollBack({
  failed,
  to,
  code,
  emitter,
}: Parameters<typeof rollBack>[0]): void {
  const { version } = to.version.release;
  emitter.emit('version-rolled-back', { from: failed.version, to: version, code });
}
