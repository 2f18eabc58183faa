import { stat } from 'node:fs/promises';

/** Links are followed. Whatever the system does not show counts as absent. */
async function statPath(path: string) {
  return stat(path).catch(() => undefined);
}

export async function exists(path: string): Promise<boolean> {
  return (await statPath(path)) !== undefined;
}

/** @returns true for a regular file, or a link to one */
export async function isFile(path: string): Promise<boolean> {
  return (await statPath(path))?.isFile() ?? false;
}

export async function isDirectory(path: string): Promise<boolean> {
  return (await statPath(path))?.isDirectory() ?? false;
}

/** @throws the error of the file system when there is no such file */
export async function sizeOf(path: string): Promise<number> {
  return (await stat(path)).size;
}
