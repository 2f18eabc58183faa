import { LIMITS } from '../limits.js';
import { gunzip } from '../network/gunzip.js';
import { requireSize, type VerifiedBytes, verifyBytes } from '../verified-bytes.js';
import type { ChunkDelta } from './chunk-deltas.js';

/** A chunk asked for by its hash, with a name for messages. */
export interface ChunkRequest {
  readonly sha256: string;
  readonly what: string;
  /** Unknown for layout.json alone, which is capped instead. */
  readonly sizeBytes?: number | undefined;
  /** Present when the repository holds it compressed. */
  readonly gzipBytes?: number | undefined;
  /** The stored chunk it replaces, where the repository offers the difference. */
  readonly delta?: ChunkDelta | undefined;
  /** Called with what each piece took on the network, in bytes. What it throws ends the transfer. */
  readonly onBytes?: ((sizeBytes: number) => void) | undefined;
}

type ChunkIdentity = Pick<ChunkRequest, 'sha256' | 'what' | 'sizeBytes' | 'gzipBytes'>;

/** A server may have decoded a gzip body on the way, so either size is allowed to arrive. */
export function maxBodyBytes({
  sizeBytes = LIMITS.layoutBytes,
  gzipBytes = 0,
}: ChunkIdentity): number {
  return Math.max(sizeBytes, gzipBytes);
}

/**
 * Verifies the body that a server sent for a chunk: gzip, gzip that was decoded on the way, or plain bytes.
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
  // The size of damaged gzip says nothing, so the digest is checked first.
  const plain = await verifyBytes(body, { sha256, what });
  requireSize(plain, { what, sizeBytes });
  return plain;
}
