import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Disposing of it removes it, and so does the end of the process. */
export interface TemporaryDirectory extends AsyncDisposable {
  readonly directory: string;
}

const present = new Set<string>();

/** @param what is made there: part of its name */
export async function openTemporary(what: string): Promise<TemporaryDirectory> {
  const directory = await mkdtemp(join(tmpdir(), `nearside-${what}-`));
  if (present.size === 0) process.on('exit', removeAll);
  present.add(directory);
  return {
    directory,
    async [Symbol.asyncDispose]() {
      await rm(directory, { recursive: true, force: true });
      present.delete(directory);
      if (present.size === 0) process.off('exit', removeAll);
    },
  };
}

function removeAll(): void {
  for (const directory of present) rmSync(directory, { recursive: true, force: true });
}
