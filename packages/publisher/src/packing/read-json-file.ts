import { readFile, stat } from 'node:fs/promises';
import { NearsideError } from '@nearside/core';
import { findModelFile } from './model-file.js';

/** A larger file describes no model, because tensors have files of their own. */
const MAX_JSON_BYTES = 64 * 1024 * 1024;

/**
 * @throws NearsideError `file-missing` with the advice, `metadata-malformed`, `metadata-too-large`,
 *   or `name-unsafe` for a link that leads out of the directory
 */
export async function readJsonFile(
  directory: string,
  name: string,
  { advice = '' }: { advice?: string } = {},
): Promise<unknown> {
  const path = await findModelFile(directory, name);
  if (path === undefined) throw fileMissing(directory, name, { advice });
  const { size } = await stat(path);
  if (size > MAX_JSON_BYTES) {
    throw new NearsideError(
      'metadata-too-large',
      `${name}: expected at most ${MAX_JSON_BYTES} bytes, got ${size}. Tensors go into files of ` +
        'their own.',
      { details: { file: name, maxBytes: MAX_JSON_BYTES, got: size } },
    );
  }
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw fileMissing(directory, name, { cause, advice });
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new NearsideError('metadata-malformed', `${name}: expected JSON, got something else.`, {
      cause,
      details: { file: name },
    });
  }
}

export function fileMissing(
  directory: string,
  name: string,
  { cause, advice = '' }: { cause?: unknown; advice?: string } = {},
): NearsideError {
  return new NearsideError(
    'file-missing',
    `${name}: expected this file in ${directory}, got none that can be read. ${advice}`.trimEnd(),
    { cause, details: { directory, file: name } },
  );
}
