import { chunkPath } from '@nearside/artifact';
import { compressSlice } from '../packing/compress-slice.js';
import { LAYOUT_FILE } from '../packing/lay-out-files.js';
import { type PackedVersion, readChunks } from './packed-version.js';
import type { RepositoryWriter } from './repository-writer.js';

export interface WrittenChunks {
  /** Distinct chunks of the version. */
  readonly total: number;
  /** Those that the repository did not hold yet. */
  readonly written: number;
}

/** Writes the chunks of a version, layout.json as one of them. What is there already stays. */
export async function writeChunks(
  packed: PackedVersion,
  writer: RepositoryWriter,
): Promise<WrittenChunks> {
  const { path, layout, layoutBytes, digests } = packed;
  const seen = new Set<string>();
  let written = 0;

  async function write(chunkFile: string, bytes: Uint8Array): Promise<void> {
    if (await writer.write(chunkFile, bytes)) written += 1;
  }

  for (const name of Object.keys(layout.files)) {
    for await (const { chunk, bytes } of readChunks(path, name, layout)) {
      const [sha256, , gzipBytes] = chunk;
      if (seen.has(sha256)) continue;
      seen.add(sha256);
      const gzipped = gzipBytes === undefined ? undefined : await compressSlice(bytes);
      await write(chunkPath(sha256, { gzip: gzipBytes !== undefined }), gzipped ?? bytes);
    }
  }
  const layoutDigest = digests.get(LAYOUT_FILE) ?? '';
  await write(chunkPath(layoutDigest, { gzip: false }), layoutBytes);
  return { total: seen.size + 1, written };
}
