import { addBytes, gunzip, subtractBytes } from '@nearside/artifact';
import { compressSlice } from '../../packing/compress-slice.js';

/**
 * Makes the delta that turns an older chunk into a newer one of the same size: `newer − older` bytewise, gzip. The
 * same chunks give the same bytes. The delta was applied once to check it.
 *
 * @param storedBytes size of the newer chunk on the server
 * @returns undefined if the delta would not be smaller
 */
export async function makeDelta(
  newer: Uint8Array<ArrayBuffer>,
  older: Uint8Array<ArrayBuffer>,
  storedBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const delta = compressSlice(subtractBytes(newer, older));
  if (!delta || delta.length >= storedBytes) return undefined;
  const difference = await gunzip(delta, newer.length);
  if (difference && Buffer.from(newer).equals(addBytes(difference, older))) return delta;
  throw new Error('makeDelta: the delta does not give the newer chunk'); // cannot happen
}
