import { transferablesOf, type WireInput } from './protocol.js';

/**
 * Up to this size an input is copied to the worker instead of given, and kept until there is a
 * result, bytes: a copy of so little costs nothing that can be measured beside a run.
 */
const RETAINED_BYTES = 64 * 1024;

/**
 * Whether an input is still there when the worker that had it is gone: a Blob, which crosses by
 * reference, or little enough to be copied. Bitmaps and frames are given away.
 */
export function isRetained(input: WireInput): boolean {
  if (input.kind === 'image' && input.image instanceof Blob) return true;
  let sizeBytes = 0;
  for (const owned of transferablesOf(input)) {
    if (!(owned instanceof ArrayBuffer)) return false;
    sizeBytes += owned.byteLength;
  }
  return sizeBytes <= RETAINED_BYTES;
}
