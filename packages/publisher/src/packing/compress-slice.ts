import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const compress = promisify(gzip);

/** Decoding costs a device time, so gzip has to save more than this share of the bytes. */
const MIN_SAVING = 0.1;

/** Offset of the operating system in gzip (RFC 1952), and its value for "unknown". */
const OS_BYTE = { offset: 9, unknown: 255 } as const;

/**
 * Compresses a slice as gzip at level 9; undefined if that saves too little. The same slice gives the same bytes on
 * every system: no time, no file name, no operating system is written.
 */
export async function compressSlice(
  slice: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const gzipped = new Uint8Array(await compress(slice, { level: 9 }));
  gzipped[OS_BYTE.offset] = OS_BYTE.unknown;
  return gzipped.length < (1 - MIN_SAVING) * slice.length ? gzipped : undefined;
}
