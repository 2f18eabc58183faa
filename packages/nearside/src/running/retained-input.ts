import { transferablesOf, type WireInput } from '../protocol.js';

/**
 * Up to this size an input is copied to the worker instead of given, and kept until there is a result,
 * bytes. The copy is the page's own time: 0.06 ms for this much in Chromium 156, 4.7 ms for 4 MiB
 * (docs/decisions/0009).
 */
export const RETAINED_BYTES = 64 * 1024;

/**
 * Whether an input is still there when the worker that had it is gone: a Blob, which crosses by
 * reference, or little enough to be copied. Bitmaps and frames are given away.
 */
export function isRetained(input: WireInput): boolean {
  let sizeBytes = 0;
  for (const owned of transferablesOf(input)) {
    if (!(owned instanceof ArrayBuffer) || owned.byteLength === 0) return false; // it was given away
    sizeBytes += owned.byteLength;
  }
  return sizeBytes <= RETAINED_BYTES;
}
