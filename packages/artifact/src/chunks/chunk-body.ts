import { LIMITS } from '../limits.js';
import { gunzip } from '../network/gunzip.js';
import { requireSize, type VerifiedBytes, verifyBytes } from '../verified-bytes.js';
import type { ChunkRequest } from './chunk-request.js';

type ChunkIdentity = Pick<ChunkRequest, 'sha256' | 'what' | 'sizeBytes' | 'gzipBytes'>;

/** A server may have decoded a gzip body on the way, so either size is allowed to arrive. */
export function maxBodyBytes({
  sizeBytes = LIMITS.layoutBytes,
  gzipBytes = 0,
}: ChunkIdentity): number {
  return Math.max(sizeBytes, gzipBytes);
}

/**
 * The bytes of a chunk from what a server sent for it: gzip, decoded on the way or not, or plain.
 *
 * @throws NearsideError `digest-mismatch` or `size-mismatch`
 */
export async function verifyChunkBody(
  body: Uint8Array<ArrayBuffer>,
  chunk: ChunkIdentity,
): Promise<VerifiedBytes> {
  const { sha256, what, sizeBytes = LIMITS.layoutBytes, gzipBytes } = chunk;
  if (gzipBytes === undefined) return verifyBytes(body, chunk);
  const content = await gunzip(body, sizeBytes);
  if (content) return verifyBytes(content, chunk);
  // Of damaged gzip the size says nothing: the digest comes first.
  const plain = await verifyBytes(body, { sha256, what });
  requireSize(plain, { what, sizeBytes });
  return plain;
}
