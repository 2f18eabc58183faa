import type { ReleaseIdentity } from '@nearside/artifact';
import { type ErrorCode, isNearsideError } from '@nearside/core';
import type { OnnxRuntime } from '../../../shared/api/backends.js';
import type { ModelEmitter } from '../../../shared/api/events.js';
import { isAnothersLoss } from '../../../shared/failures.js';
import type { BackendChoice } from '../backend-choice.js';

/**
 * What may come of a function that the common file of ONNX Runtime lacks. It traps, in a run or while it starts; of a trap in
 * a thread there is only the worker's `error` event, or silence. Wrong numbers never come of it.
 */
const OF_TRAPS: readonly ErrorCode[] = [
  'backend-failed',
  'worker-lost',
  'device-lost',
  'terminated',
];

/** Where it cannot be had, an old copy of `dist/assets` may have the full one. That says nothing of the next visit. */
const UNREACHABLE: ErrorCode = 'assets-unreachable';

/**
 * Blames the common file first, where something failed in it: the full one takes its place, here and at the next visits for
 * this version.
 *
 * @returns whether it is to blame: then the same is to be done again
 */
export function blameRuntime(
  { choice, emitter }: { readonly choice: BackendChoice; readonly emitter: ModelEmitter },
  error: unknown,
  {
    runtime,
    release,
  }: { readonly runtime: OnnxRuntime | undefined; readonly release: ReleaseIdentity },
): boolean {
  if (runtime !== 'common' || !isNearsideError(error)) return false;
  const { code, message, details } = error;
  const isTrap = OF_TRAPS.includes(code) && !details.isOwn && !isAnothersLoss(error);
  if (!isTrap && code !== UNREACHABLE) return false;
  choice.onnxRuntime = 'full';
  if (isTrap) {
    choice.startAnewFor(release.sequence);
    choice.change({ onnxRuntime: 'full' });
  }
  emitter.emit('runtime-fallback', { version: release.version, code, message });
  return true;
}
