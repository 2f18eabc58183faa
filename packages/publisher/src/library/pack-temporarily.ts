import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LAYOUT_FILE } from '@nearside/artifact';
import { isFile } from '../files/stat-path.js';
import { type PackedModel, type PackOptions, pack } from './pack.js';

/** Disposing of it removes the directory. */
export interface TemporaryPack extends AsyncDisposable, Pick<PackedModel, 'runtimeNotes'> {
  readonly directory: string;
}

/** Packs into a temporary directory. Throws as `pack`. */
export async function packTemporarily(options: Omit<PackOptions, 'out'>): Promise<TemporaryPack> {
  const directory = await mkdtemp(join(tmpdir(), 'nearside-packed-'));
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    const { runtimeNotes } = await pack({ ...options, out: directory });
    return { directory, runtimeNotes, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** @returns a directory that `pack` has written as it is; any other model directory packed */
export async function packUnlessPacked(directory: string): Promise<TemporaryPack> {
  if (!(await isFile(join(directory, LAYOUT_FILE)))) {
    return packTemporarily({ modelDirectory: directory, onnxRuntime: 'try' });
  }
  return { directory, runtimeNotes: [], async [Symbol.asyncDispose]() {} };
}
