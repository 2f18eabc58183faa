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
  /** Called with each piece's length as it arrives from the network, in bytes. */
  readonly onBytes?: ((sizeBytes: number) => void) | undefined;
}
