import { NearsideError } from '@nearside/core';
import { sha256Hex } from './sha256.js';

declare const verified: unique symbol;

/**
 * Bytes that hash to what trusted metadata says, in a buffer nobody else holds. Only
 * {@link verifyBytes}, and joining what it has verified, make them; sessions take nothing else.
 */
export type VerifiedBytes = Uint8Array<ArrayBuffer> & { readonly [verified]: true };

/**
 * Brands bytes that have the expected size and digest.
 *
 * @param what names them in the message, for instance `int8/model.onnx, chunk 1 of 3`
 * @throws NearsideError `size-mismatch` or `digest-mismatch`
 */
export async function verifyBytes(
  bytes: Uint8Array<ArrayBuffer>,
  { what, sha256, sizeBytes }: { what: string; sha256: string; sizeBytes?: number | undefined },
): Promise<VerifiedBytes> {
  if (sizeBytes !== undefined) requireSize(bytes, { what, sizeBytes });
  const got = await sha256Hex(bytes);
  if (got === sha256) return bytes as VerifiedBytes;
  throw new NearsideError(
    'digest-mismatch',
    `${what}: expected bytes with SHA-256 ${sha256}, got ${got}. They were changed after the ` +
      'publisher signed them, and were not used.',
    { details: { what, expected: sha256, got } },
  );
}

/** @throws NearsideError `size-mismatch` */
export function requireSize(
  { length }: Uint8Array,
  { what, sizeBytes }: { what: string; sizeBytes: number },
): void {
  if (length === sizeBytes) return;
  throw new NearsideError('size-mismatch', `${what}: expected ${sizeBytes} bytes, got ${length}.`, {
    details: { what, expected: sizeBytes, got: length },
  });
}

/** Joins verified slices of one file into a buffer of its own. */
export function joinVerified(slices: readonly VerifiedBytes[]): VerifiedBytes {
  const [only] = slices;
  if (only && slices.length === 1) return only;
  const joined = new Uint8Array(slices.reduce((size, slice) => size + slice.length, 0));
  let offset = 0;
  for (const slice of slices) {
    joined.set(slice, offset);
    offset += slice.length;
  }
  return joined as VerifiedBytes;
}
