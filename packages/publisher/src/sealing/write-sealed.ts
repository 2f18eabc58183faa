import type { OnProgress } from '../files/slices.js';
import { openDirectorySource } from '../repository/reading/open-repository.js';
import type { PackedFiles } from '../repository/reading/packed-version.js';
import { lockRepository } from '../repository/repository-lock.js';
import { openRepositoryWriter } from '../repository/writing/repository-writer.js';
import { writeChunks } from '../repository/writing/write-chunks.js';
import type { ComposedSeal } from './compose-seal.js';
import { encodeSealIndex, INDEX_FILE } from './seal-index.js';
import { readSealedFolder, removeOthers, requireNoConflict } from './sealed-folder.js';

export interface WrittenSeal {
  /** False if exactly this version was sealed there already. */
  readonly changed: boolean;
  /** Distinct chunks of the version, and those that were not there yet. */
  readonly chunks: number;
  readonly chunksWritten: number;
  readonly filesWritten: number;
  readonly bytesWritten: number;
  /** Files of other versions that `prune` removed. */
  readonly filesRemoved: number;
}

/** Writes a sealed version into its folder, under the lock of that, and its seal after the chunks that it names. */
export async function writeSealed(
  packed: PackedFiles,
  { sha256, path, bytes }: ComposedSeal,
  options: { out: string; prune: boolean; onProgress: OnProgress | undefined },
): Promise<WrittenSeal> {
  const { out, prune, onProgress = () => {} } = options;
  const { model, version } = packed.release;
  await using _lock = await lockRepository(out);
  const present = await readSealedFolder(out, model);
  requireNoConflict(out, present, { model, version, sha256 });
  const others = present.filter((seal) => seal.sha256 !== sha256);
  const writer = openRepositoryWriter(out);
  const chunks = await writeChunks(packed, openDirectorySource(out), writer, onProgress);
  await writer.write(path, bytes);
  await writer.write(INDEX_FILE, encodeSealIndex(prune ? [] : others, { sha256, version }));
  return {
    changed: others.length === present.length,
    chunks: chunks.total,
    chunksWritten: chunks.written,
    filesWritten: writer.totals.files,
    bytesWritten: writer.totals.sizeBytes,
    filesRemoved: prune ? await removeOthers(out, writer, { sha256, packed }) : 0,
  };
}
