import { join } from 'node:path';
import { LAYOUT_FILE } from '@nearside/artifact';
import { isFile } from '../files/stat-path.js';
import { openTemporary, type TemporaryDirectory } from '../files/temporary.js';
import { type PackedModel, type PackOptions, pack } from './pack.js';

/** Disposing of it removes the directory. */
export type TemporaryPack = TemporaryDirectory & Pick<PackedModel, 'notes'>;

/** Packs into a temporary directory. Throws as `pack`. */
export async function packTemporarily(options: Omit<PackOptions, 'out'>): Promise<TemporaryPack> {
  const temporary = await openTemporary('packed');
  try {
    const { notes } = await pack({ ...options, out: temporary.directory });
    return { ...temporary, notes };
  } catch (error) {
    await temporary[Symbol.asyncDispose]();
    throw error;
  }
}

/** @returns a directory that `pack` has written as it is; any other model directory packed */
export async function packUnlessPacked(directory: string): Promise<TemporaryPack> {
  if (!(await isFile(join(directory, LAYOUT_FILE)))) {
    return packTemporarily({ modelDirectory: directory, onnxRuntime: 'try' });
  }
  return { directory, notes: [], async [Symbol.asyncDispose]() {} };
}
