import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Links are not followed, and a FIFO is not waited for. Windows has neither flag. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Answers with a file, or the part that `Range` asks for (RFC 9110, section 14.2). Any other form than one range from
 * a first byte is answered with the whole file.
 *
 * @returns the status of the answer. After 404 nothing was answered, because there is no such file; a link, or a file
 *   in a linked folder, counts as none
 */
export async function serveFile(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<number> {
  const file = await openFile(path);
  if (!file) return 404;
  try {
    const { size, mtime } = await file.stat();
    const range = parseRange(request.headers.range, size);
    response.setHeader('Accept-Ranges', 'bytes');
    response.setHeader('Last-Modified', mtime.toUTCString());
    if (range === 'unsatisfiable') {
      response.writeHead(416, { 'Content-Range': `bytes */${size}`, 'Content-Length': 0 }).end();
      return 416;
    }
    const { start, end } = range ?? { start: 0, end: size - 1 };
    const status = range ? 206 : 200;
    if (range) response.setHeader('Content-Range', `bytes ${start}-${end}/${size}`);
    response.writeHead(status, { 'Content-Length': end - start + 1 });
    if (request.method === 'HEAD' || size === 0) response.end();
    else await pipeline(file.createReadStream({ start, end, autoClose: false }), response);
    return status;
  } finally {
    await file.close();
  }
}

async function openFile(path: string): Promise<FileHandle | undefined> {
  const [folder, entry] = await Promise.all([dirname(path), path].map((name) => statOf(name)));
  if (!folder?.isDirectory() || !entry?.isFile()) return undefined;
  const file = await open(path, FLAGS).catch(absentOrThrow);
  if (!file || (await file.stat()).isFile()) return file;
  await file.close();
  return undefined;
}

function statOf(path: string) {
  return lstat(path).catch(absentOrThrow);
}

/** A file may vanish, or become a link, at any moment. */
function absentOrThrow(error: NodeJS.ErrnoException): undefined {
  if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(error.code ?? '')) return undefined;
  throw error;
}

/** Bytes from `start` to `end`, both included; undefined for the whole file. */
function parseRange(
  header: string | undefined,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const [, first, last] = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (first === undefined) return undefined;
  const start = Number(first);
  const end = last ? Number(last) : Number.MAX_SAFE_INTEGER;
  if (start > end) return undefined;
  if (start >= size) return 'unsatisfiable';
  return { start, end: Math.min(end, size - 1) };
}
