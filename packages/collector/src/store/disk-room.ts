import { realpathSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';

/** With less, the log could grow and the tables could not. Devices then keep their reports. */
export const LEAST_FREE_BYTES = 64 * 1024 * 1024;

/** Returns the bytes that are left for this user on the disk of a file, wherever a link leads; undefined for one in memory. */
export function freeBytesBeside(file: string): number | undefined {
  if (file === ':memory:') return undefined;
  const { bavail, bsize } = statfsSync(dirname(realpathSync(file)));
  return bavail * bsize;
}

/** @throws Error when so little is left that what is acknowledged might never be counted */
export function requireRoom(freeBytes: number | undefined): void {
  if (freeBytes === undefined || freeBytes >= LEAST_FREE_BYTES) return;
  throw new Error(`expected ${LEAST_FREE_BYTES} free bytes on its disk, got ${freeBytes}`);
}
