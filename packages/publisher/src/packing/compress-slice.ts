import { gzipSync } from 'fflate';

/** Decoding costs a device time, so gzip has to save more than this share of the bytes. */
const MIN_SAVING = 0.1;

/** Offset of the operating system in gzip (RFC 1952), and its value for "unknown". */
const OS_BYTE = { offset: 9, unknown: 255 } as const;

/** The table of hashes has 2^16 entries. By default fflate derives that from the length in floating point; more makes it slower. */
const MEMORY = 4;

/**
 * Gzip at level 9, the same bytes on every machine: no time, file name or operating system is written, and nothing
 * depends on Node's zlib, of which Linux distributions have another than nodejs.org.
 */
export function compress(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const gzipped = gzipSync(bytes, { level: 9, mem: MEMORY, mtime: 0 });
  gzipped[OS_BYTE.offset] = OS_BYTE.unknown;
  return gzipped;
}

/** Compresses a slice; undefined if that saves too little. */
export function compressSlice(slice: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined {
  const gzipped = compress(slice);
  return gzipped.length < (1 - MIN_SAVING) * slice.length ? gzipped : undefined;
}
