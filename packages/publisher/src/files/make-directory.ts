import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isDirectory } from './stat-path.js';

/** Somebody else may remove a parent that was there just now. Then it begins again at the top. */
const TRIES = 5;

/**
 * Makes a directory, and those above it that are missing. Node's own `recursive` never returns where the system
 * denies that an existing parent exists, as under /proc.
 *
 * @returns the topmost directory that was made; undefined when all were there
 */
export async function makeDirectory(
  path: string,
  { mode }: { mode?: number } = {},
): Promise<string | undefined> {
  for (let tries = 1; ; tries += 1) {
    const missing = await missingDirectories(resolve(path));
    try {
      for (const directory of missing) await makeOne(directory, mode);
      return missing[0];
    } catch (error) {
      if (!isCode(error, 'ENOENT') || tries === TRIES) throw error;
    }
  }
}

/** @returns the missing directories, topmost first */
async function missingDirectories(path: string): Promise<string[]> {
  const missing: string[] = [];
  for (let at = path; !(await isDirectory(at)); at = dirname(at)) {
    missing.unshift(at);
    if (dirname(at) === at) break;
  }
  return missing;
}

async function makeOne(directory: string, mode: number | undefined): Promise<void> {
  try {
    await mkdir(directory, { mode });
  } catch (error) {
    if (!isCode(error, 'EEXIST') || !(await isDirectory(directory))) throw error;
  }
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
