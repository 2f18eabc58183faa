import type { ReleaseIdentity } from '@nearside/artifact';
import { type ErrorCode, isNearsideError } from '@nearside/core';
import type {
  AvailableBackend,
  BackendFailure,
  OnnxRuntime,
  Quarantined,
} from '../../../shared/api/backends.js';
import type { ModelEmitter } from '../../../shared/api/events.js';
import { isSameContender } from '../../../shared/contenders.js';
import { isAnothersLoss } from '../../../shared/failures.js';
import { type BackendChoice, isLasting } from '../backend-choice.js';

/** Holds a failure against a contender: for good where it would fail again, else until it serves. */
export function quarantine(
  choice: BackendChoice,
  failed: BackendFailure,
  sequence: number | undefined,
): void {
  const withIt = (all: readonly Quarantined[]) => [
    ...all.filter((one) => !isSameContender(one, failed)),
    { ...failed, atMs: Date.now() },
  ];
  choice.startAnewFor(sequence);
  if (isLasting(failed.code)) choice.change({ quarantined: withIt(choice.record.quarantined) });
  else choice.passing = withIt(choice.passing);
}

/** Forgives backends what is held against them, when nothing else is left to try. */
export function pardon(choice: BackendChoice, backends: readonly AvailableBackend[]): void {
  const { quarantined } = choice.record;
  choice.change({ quarantined: quarantined.filter(({ backend }) => !backends.includes(backend)) });
}

/** Takes its place from a backend that keeps failing; everything is measured anew. */
export function demote(choice: BackendChoice, backend: AvailableBackend): void {
  if (choice.record.start?.backend === backend) choice.change({ start: undefined, measured: [] });
}

/**
 * A function that the common file of ONNX Runtime lacks traps, in a run or while it starts. Of a trap in a thread there
 * is only the worker's `error` event, or silence. It never gives wrong numbers.
 */
const OF_TRAPS: readonly ErrorCode[] = [
  'backend-failed',
  'worker-lost',
  'device-lost',
  'terminated',
];

/** A damaged file that still compiles computes something else. Where the full one does so too, it is the model's fault. */
const MISMATCH: ErrorCode = 'golden-mismatch';

/** An old copy of `dist/assets` may lack the common file and have the full one. The next visit tries it again. */
const UNREACHABLE: ErrorCode = 'assets-unreachable';

/**
 * Blames the common file first, where something failed in it: the full one takes its place, here and at the next visits
 * for this version.
 *
 * @returns true where it is to blame: then the same is to be done again
 */
export function blameRuntime(
  { choice, emitter }: { readonly choice: BackendChoice; readonly emitter: ModelEmitter },
  error: unknown,
  failed: { readonly runtime: OnnxRuntime | undefined; readonly release: ReleaseIdentity },
): boolean {
  const { runtime, release } = failed;
  if (runtime !== 'common' || !isNearsideError(error)) return false;
  const { code, message, details } = error;
  const isTrap = OF_TRAPS.includes(code) && !details.isOwn && !isAnothersLoss(error);
  if (!isTrap && code !== MISMATCH && code !== UNREACHABLE) return false;
  choice.onnxRuntime = 'full';
  if (code !== UNREACHABLE) {
    choice.startAnewFor(release.sequence);
    choice.change({ onnxRuntime: 'full' });
  }
  emitter.emit('runtime-fallback', { version: release.version, code, message });
  return true;
}
