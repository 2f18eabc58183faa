import { NearsideError } from '@nearside/core';
import { sha256Hex, sha512Hex } from './sha256.js';

declare const verified: unique symbol;

/**
 * Bytes that hash to what trusted metadata says, in a buffer nobody else holds. Only
 * {@link verifyBytes}, and joining what it has verified (`joinChunks`), make them; sessions take nothing else.
 */
export type VerifiedBytes = Uint8Array<ArrayBuffer> & { readonly [verified]: true };

/** Size and digest that bytes must have. */
export interface ExpectedBytes {
  /** Names them in messages, for instance `int8/model.onnx, chunk 1 of 3`. */
  readonly what: string;
  readonly sha256: string;
  /** Present where the metadata gives it too. */
  readonly sha512?: string | undefined;
  readonly sizeBytes?: number | undefined;
}

/**
 * Brands bytes that have the expected size and digest.
 *
 * @throws NearsideError `size-mismatch` or `digest-mismatch`
 */
export async function verifyBytes(
  bytes: Uint8Array<ArrayBuffer>,
  { what, sha256, sha512, sizeBytes }: ExpectedBytes,
): Promise<VerifiedBytes> {
  if (sizeBytes !== undefined) requireSize(bytes, { what, sizeBytes });
  const got = await sha256Hex(bytes);
  if (got !== sha256) throw mismatch(what, { hash: 'SHA-256', expected: sha256, got });
  const longer = sha512 && (await sha512Hex(bytes));
  if (longer !== sha512) throw mismatch(what, { hash: 'SHA-512', expected: sha512, got: longer });
  return bytes as VerifiedBytes;
}

function mismatch(
  what: string,
  { hash, expected, got }: { hash: string; expected: string | undefined; got: string | undefined },
): NearsideError {
  return new NearsideError(
    'digest-mismatch',
    `${what}: expected bytes with ${hash} ${expected}, got ${got}. They were changed after the ` +
      'publisher signed them, and were not used.',
    { details: { what, expected, got } },
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
