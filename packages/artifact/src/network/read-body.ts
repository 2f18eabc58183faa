import { NearsideError } from '@nearside/core';
import { concatenate } from '../concatenate.js';
import { freeBytes } from '../free-bytes.js';
import type { Transfer } from './transfer.js';

export interface BodyLimits {
  /** A longer body, decoded if a server has compressed it, is refused as soon as it exceeds this. */
  readonly maxBytes: number;
  /** The code of that error; `metadata-too-large` by default. */
  readonly tooLarge?: 'metadata-too-large' | 'size-mismatch';
  /** Called with what each piece took on its way, in bytes: a body that is decoded here took what its header says. */
  readonly onBytes?: ((sizeBytes: number) => void) | undefined;
}

/**
 * Reads a body, and stops the transfer as soon as it is longer than `maxBytes`.
 *
 * @throws NearsideError `tooLarge`
 */
export async function readBody(
  response: Response,
  {
    path,
    transfer,
    maxBytes,
    tooLarge = 'metadata-too-large',
    onBytes,
  }: BodyLimits & { path: string; transfer: Pick<Transfer, 'progress'> },
): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let sizeBytes = 0;
  const sentBytes = Number(response.headers.get('content-length')) || Number.POSITIVE_INFINITY;
  const reader = (response.body ?? new Blob().stream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return joinPieces(pieces);
    transfer.progress(value.length);
    const beforeBytes = Math.min(sizeBytes, sentBytes);
    sizeBytes += value.length;
    if (sizeBytes > maxBytes) {
      await reader.cancel();
      throw new NearsideError(tooLarge, `${path}: expected at most ${maxBytes} bytes, got more.`, {
        details: { path, maxBytes },
      });
    }
    pieces.push(value);
    onBytes?.(Math.min(sizeBytes, sentBytes) - beforeBytes);
  }
}

/** They would stay until some collection, and weights come in thousands of them. */
function joinPieces(pieces: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const body = concatenate(pieces);
  if (pieces.length > 1) freeBytes(pieces);
  return body;
}
