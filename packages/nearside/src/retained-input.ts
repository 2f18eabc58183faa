import { transferablesOf, type WireInput } from './protocol.js';

/**
 * Up to this size an input is copied to the worker instead of given, and kept until there is a result,
 * bytes. The second copy is the page's own time, before the worker has anything. Measured over giving it,
 * p50 in Chromium 156 (Firefox 153) on two cores: 64 KiB 0.06 (0.04) ms, 256 KiB 0.22 (0.12), 1 MiB
 * 1.0 (0.5), 4 MiB 4.7 (2.4); all else that a run costs beside the model is 0.15 ms. Shared memory would
 * need no second copy, but browsers do not see how much of it is garbage: after 1,500 inputs of 1 MiB
 * Chromium held all 1.5 GB of it, and 0.2 GB where they were given.
 */
export const RETAINED_BYTES = 64 * 1024;

/**
 * Whether an input is still there when the worker that had it is gone: a Blob, which crosses by
 * reference, or little enough to be copied. Bitmaps and frames are given away.
 */
export function isRetained(input: WireInput): boolean {
  if (input.kind === 'image' && input.image instanceof Blob) return true;
  let sizeBytes = 0;
  for (const owned of transferablesOf(input)) {
    if (!(owned instanceof ArrayBuffer) || owned.byteLength === 0) return false; // it was given away
    sizeBytes += owned.byteLength;
  }
  return sizeBytes <= RETAINED_BYTES;
}
