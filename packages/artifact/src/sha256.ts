import { NearsideError } from '@nearside/core';
import { toHex } from './hex.js';

/** Bytes as WebCrypto takes them. Node has no name for that. */
type Bytes = ArrayBuffer | ArrayBufferView<ArrayBuffer>;

/** SHA-256 (FIPS 180-4) by WebCrypto, 32 bytes. */
export async function sha256(bytes: Bytes): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await webCrypto().digest('SHA-256', bytes));
}

/** SHA-256 as 64 lower-case hex digits. */
export async function sha256Hex(bytes: Bytes): Promise<string> {
  return toHex(await sha256(bytes));
}

/** SHA-512 as 128 lower-case hex digits. TUF metadata may give it beside SHA-256. */
export async function sha512Hex(bytes: Bytes): Promise<string> {
  return toHex(new Uint8Array(await webCrypto().digest('SHA-512', bytes)));
}

/**
 * WebCrypto. Browsers offer it only to pages served over https or from localhost.
 *
 * @throws NearsideError `insecure-context`
 */
export function webCrypto(): SubtleCrypto {
  const subtle = globalThis.crypto?.subtle;
  if (subtle) return subtle;
  throw new NearsideError(
    'insecure-context',
    'Expected a secure context (https: or localhost), where WebCrypto can verify signatures; got ' +
      'an insecure origin. Serve the page over https.',
  );
}
