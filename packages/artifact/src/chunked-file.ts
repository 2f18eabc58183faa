import { freeBytes } from './free-bytes.js';
import { LIMITS } from './limits.js';
import { mapLimited } from './map-limited.js';
import type { VerifiedBytes } from './verified-bytes.js';

type Bytes = Uint8Array<ArrayBuffer>;

/** A file as its chunks. Each is given to one reader, who owns it; a chunk that was given before is read anew. */
export interface ChunkedFile<Chunk extends Bytes> {
  /** Bytes of each chunk, in order. */
  readonly chunkBytes: readonly number[];
  read(index: number): Promise<Chunk>;
}

/** Each chunk hashes to what trusted metadata says, whenever it is read. */
export type VerifiedFile = ChunkedFile<VerifiedBytes>;

export function readChunks<Chunk extends Bytes>(file: ChunkedFile<Chunk>): Promise<Chunk[]> {
  const indices = [...file.chunkBytes.keys()];
  return mapLimited(indices, LIMITS.parallelChunks, (index) => file.read(index));
}

/** A file that is needed whole. Chunks of one kind make bytes of that kind. */
export async function joinChunks<Chunk extends Bytes>({
  chunkBytes,
  read,
}: ChunkedFile<Chunk>): Promise<Chunk> {
  if (chunkBytes.length === 1) return read(0);
  let end = 0;
  const ends = chunkBytes.map((sizeBytes) => {
    end += sizeBytes;
    return end;
  });
  const bytes = new Uint8Array(end);
  await mapLimited(ends, LIMITS.parallelChunks, async (end, index) => {
    const chunk = await read(index);
    bytes.set(chunk, end - chunk.length);
    freeBytes([chunk]);
  });
  return bytes as Chunk;
}
