import { rename, rm } from 'node:fs/promises';

/** Writes a file beside its place and moves it there, so that nobody ever sees half of it. */
export async function replaceFile(
  path: string,
  write: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = `${path}.packing`;
  try {
    await write(temporary);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
