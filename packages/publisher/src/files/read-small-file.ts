import { readFile, stat } from 'node:fs/promises';
import { type ErrorCode, NearsideError } from '@nearside/core';
import type { PublisherErrorCode } from '../errors/publisher-error.js';

/** A key, a passphrase, a next root: all of them are a few kilobytes. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Reads a file that somebody named, whole.
 *
 * @param what it should be, for the message: `a private key`
 * @param tooLarge the code for what is too large to be that
 * @throws NearsideError `file-missing` when it is none that can be read: absent, a directory, a FIFO
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
 * Reads a file where there is one.
 *
 * @returns undefined when there is none, or something else in its place, which is never opened: a
 *   FIFO would be waited for
 */
export async function readIfFile(path: string): Promise<Buffer | undefined> {
  return (await isFile(path)) ? readFile(path) : undefined;
}

/** Whether a regular file is there, or a link to one. */
export function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );
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
