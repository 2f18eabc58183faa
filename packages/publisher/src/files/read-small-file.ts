import { readFile, stat } from 'node:fs/promises';
import { type ErrorCode, NearsideError } from '@nearside/core';
import type { PublisherErrorCode } from '../errors/publisher-error.js';
import { isFile } from './stat-path.js';

/** A key, a passphrase or a next root has a few kilobytes. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Reads the whole of a file that somebody named.
 *
 * @param what the expected content, for the message: `a private key`
 * @param tooLarge the code for a larger file
 * @throws NearsideError `file-missing` when no file can be read there: it is absent, a directory or a FIFO
 */
export async function readSmallFile(
  path: string,
  { what, tooLarge }: { what: string; tooLarge: ErrorCode | PublisherErrorCode },
): Promise<Buffer> {
  const stats = await stat(path).catch((cause) => {
    throw missing(path, what, { got: reasonOf(cause), cause });
  });
  if (!stats.isFile()) {
    throw missing(path, what, { got: stats.isDirectory() ? 'a directory' : 'no regular file' });
  }
  if (stats.size > MAX_BYTES) {
    throw new NearsideError<ErrorCode | PublisherErrorCode>(
      tooLarge,
      `${path}: expected ${what}, of at most ${MAX_BYTES} bytes, got ${stats.size}.`,
      { details: { file: path, maxBytes: MAX_BYTES, got: stats.size } },
    );
  }
  return readFile(path).catch((cause) => {
    throw missing(path, what, { got: reasonOf(cause), cause });
  });
}

/**
 * Reads a file if there is one.
 *
 * @returns undefined for no file, or for anything else in its place. That is never opened, because reading a FIFO
 *   waits
 */
export async function readIfFile(path: string): Promise<Buffer | undefined> {
  return (await isFile(path)) ? readFile(path) : undefined;
}

function reasonOf({ code }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'no such file';
  if (code === 'EACCES' || code === 'EPERM') return 'one that this user may not read';
  return `one that cannot be read (${code})`;
}

function missing(
  path: string,
  what: string,
  { got, cause }: { got: string; cause?: unknown },
): NearsideError {
  return new NearsideError('file-missing', `${path}: expected ${what}, got ${got}.`, {
    cause,
    details: { file: path },
  });
}
