import { NearsideError } from '@nearside/core';
import { concatenate } from '../concatenate.js';
import type { Transfer } from './transfer.js';

export interface BodyLimits {
  /** A longer body, decoded if a server has compressed it, is refused as soon as it exceeds this. */
  readonly maxBytes: number;
  /** The code of that error; `metadata-too-large` by default. */
  readonly tooLarge?: 'metadata-too-large' | 'size-mismatch';
  /** Called with each piece's length as it arrives, in bytes. */
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
  const reader = (response.body ?? new Blob().stream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return concatenate(pieces);
    transfer.progress(value.length);
    sizeBytes += value.length;
    if (sizeBytes > maxBytes) {
      await reader.cancel();
      throw new NearsideError(tooLarge, `${path}: expected at most ${maxBytes} bytes, got more.`, {
        details: { path, maxBytes },
      });
    }
    pieces.push(value);
    onBytes?.(value.length);
  }
}
