import { addBytes, gunzip, subtractBytes } from '@nearside/artifact';
import { compressSlice } from '../../packing/compress-slice.js';

/**
 * What turns an older chunk into a newer one of the same size, as devices fetch it: `newer − older`
 * bytewise, gzip. The same chunks give the same bytes, and what is returned was applied once.
 *
 * @param storedBytes what the newer chunk weighs on the server
 * @returns undefined where a delta would not be smaller than that
 */
export async function makeDelta(
  newer: Uint8Array<ArrayBuffer>,
  older: Uint8Array<ArrayBuffer>,
  storedBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const delta = await compressSlice(subtractBytes(newer, older));
  if (!delta || delta.length >= storedBytes) return undefined;
  const difference = await gunzip(delta, newer.length);
  if (difference && Buffer.from(newer).equals(addBytes(difference, older))) return delta;
  throw new Error('makeDelta: the delta does not give the newer chunk'); // cannot happen
}
