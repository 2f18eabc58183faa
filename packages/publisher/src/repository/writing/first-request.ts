import { LAYOUT_FILE, LIMITS } from '@nearside/artifact';
import { type Golden, goldenFiles, type ModelSpec } from '@nearside/core';
import { compress } from '../../packing/compress-slice.js';

/** Size of a first answer on the network, gzip: one or two round trips of TCP's slow start. */
export const MAX_FIRST_GZIP_BYTES = 32 * 1024;

/** @returns true if a boot file or a seal of these bytes is small enough to be the first answer */
export function fitsFirstRequest(bytes: Uint8Array<ArrayBuffer>): boolean {
  if (bytes.length > LIMITS.bootBytes) return false;
  return compress(bytes).length <= MAX_FIRST_GZIP_BYTES;
}

/**
 * Names of the files that a device reads before the weights, and of the tensors of its golden check. Golden cases come
 * variant by variant, in the order in which devices try variants.
 */
export function firstFiles({ variants }: ModelSpec, { cases }: Golden): string[] {
  return [
    LAYOUT_FILE,
    'model.json',
    'golden.json',
    'baseline.json',
    ...variants.flatMap(({ name }) => cases.flatMap((one) => goldenFiles(one, [name]))),
  ];
}
