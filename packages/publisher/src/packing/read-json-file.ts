import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NearsideError } from '@nearside/core';

/** @throws NearsideError `file-missing` with the advice, or `metadata-malformed` */
export async function readJsonFile(
  directory: string,
  name: string,
  { advice = '' }: { advice?: string } = {},
): Promise<unknown> {
  const text = await readFile(join(directory, name), 'utf8').catch((cause) => {
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
  { cause, advice }: { cause?: unknown; advice: string },
): NearsideError {
  return new NearsideError(
    'file-missing',
    `${name}: expected this file in ${directory}, got none that can be read. ${advice}`.trimEnd(),
    { cause, details: { directory, file: name } },
  );
}
