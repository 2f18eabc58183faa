import { chunkPath, LAYOUT_FILE, type RepositorySource } from '@nearside/artifact';
import type { Chunk } from '@nearside/core';
import type { OnProgress } from '../../files/slices.js';
import { compressSlice } from '../../packing/compress-slice.js';
import { type PackedFiles, readPackedChunks } from '../reading/packed-version.js';
import { ifUsable } from '../reading/read-repository.js';
import { readChunkFile } from '../reading/read-version.js';
import type { RepositoryWriter } from './repository-writer.js';

export interface WrittenChunks {
  /** Distinct chunks of the version. */
  readonly total: number;
  /** Chunks that the repository did not hold yet. */
  readonly written: number;
}

/** Writes the chunks of a version; layout.json is one of them. Chunks that are there stay. */
export async function writeChunks(
  { path, layout, layoutBytes, digests }: PackedFiles,
  source: RepositorySource,
  writer: RepositoryWriter,
  onProgress: OnProgress,
): Promise<WrittenChunks> {
  const seen = new Set<string>();
  const sizes = Object.values(layout.files).flatMap((chunks) => chunks.map(([, size]) => size));
  const totalBytes = sizes.reduce((sum, size) => sum + size, 0);
  let doneBytes = 0;
  let written = 0;

  async function write(chunk: Chunk, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const [sha256, , gzipBytes] = chunk;
    if (seen.has(sha256)) return;
    seen.add(sha256);
    if (await isStored(source, chunk)) return;
    const gzipped = gzipBytes === undefined ? undefined : compressSlice(bytes);
    const chunkFile = chunkPath(sha256, { gzip: gzipBytes !== undefined });
    if (await writer.write(chunkFile, gzipped ?? bytes)) written += 1;
  }

  for (const name of Object.keys(layout.files)) {
    for await (const { chunk, bytes } of readPackedChunks(path, name, layout)) {
      await write(chunk, bytes);
      doneBytes += bytes.length;
      onProgress({ doneBytes, totalBytes });
    }
  }
  await write([digests.get(LAYOUT_FILE) ?? '', layoutBytes.length], layoutBytes);
  return { total: seen.size, written };
}

/** Compares content, because reading and hashing a chunk takes a tenth of the time of compressing it again. */
async function isStored(source: RepositorySource, chunk: Chunk): Promise<boolean> {
  const file = await ifUsable(() => readChunkFile(source, chunk, chunk[0]));
  return file?.stored.length === (chunk[2] ?? chunk[1]);
}
