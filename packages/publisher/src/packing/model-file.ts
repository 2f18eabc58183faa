import { readFile, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { join as joinPosix } from 'node:path/posix';
import { NearsideError } from '@nearside/core';
import { modelInvalid } from '../errors/model-invalid.js';
import { ONNX_LIMITS } from './onnx-file.js';

/** The cache of Hugging Face's hub, whose snapshots are links to blobs beside them. */
const SNAPSHOT = /^(.*[\\/]models--[^\\/]+)[\\/]snapshots[\\/][^\\/]+/;

/**
 * Finds the real path of a file of a model directory. A link that leads out of the directory could publish a private
 * file of the person who packs.
 *
 * @returns undefined if there is no file: nothing, a directory or a FIFO
 * @throws NearsideError `name-unsafe` when it lies neither in the directory nor, for a snapshot of a Hugging Face
 *   cache, among the blobs of that cache
 */
export async function findModelFile(directory: string, name: string): Promise<string | undefined> {
  const [base, path] = await Promise.all([directory, join(directory, name)].map(realpathOf));
  if (base === undefined || path === undefined) return undefined;
  const repository = SNAPSHOT.exec(base)?.[1];
  const homes = [base, ...(repository === undefined ? [] : [join(repository, 'blobs')])];
  if (!homes.some((home) => path.startsWith(home.endsWith(sep) ? home : home + sep))) {
    throw leadsOut(`${join(directory, name)}: expected a file inside ${directory}, got a link`);
  }
  return (await stat(path)).isFile() ? path : undefined;
}

/**
 * Names a file of weights in the model directory, by its location in a file in `folder`.
 *
 * @throws NearsideError `name-unsafe` when the location is absolute, or leads out of the model
 */
export function modelFileName(folder: string, location: string, what: string): string {
  const name = joinPosix(folder, location);
  const isAbsolute = /^(?:[\\/]|[A-Za-z]:)/.test(location);
  if (!isAbsolute && !/^\.\.(?:\/|$)/.test(name)) return name;
  throw leadsOut(`${what}: expected its weights beside it, got the location '${location}'`);
}

export function leadsOut(what: string, advice = 'Copy the file there.'): NearsideError {
  return new NearsideError(
    'name-unsafe',
    `${what}, which leads elsewhere. Only files of the model itself are packed. ${advice}`,
  );
}

/**
 * @returns the content of a file that a model is made of
 * @throws NearsideError `model-invalid` when it is over 2 GB, which no browser opens either
 */
export async function readModelBytes(path: string, name: string): Promise<Buffer> {
  const { size } = await stat(path);
  if (size <= ONNX_LIMITS.bytes) return readFile(path);
  throw modelInvalid(
    `${name}: expected a file of at most ${ONNX_LIMITS.bytes} bytes, got ${size}. No browser has room for more: take a ` +
      'smaller model.',
    { file: name, maxBytes: ONNX_LIMITS.bytes, got: size },
  );
}

function realpathOf(path: string): Promise<string | undefined> {
  return realpath(path).catch((error) => {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(error.code)) return undefined;
    throw error;
  });
}
