import { fromBase64 } from '../base64.js';

/** The DER bytes inside a PEM block of the given label (RFC 7468). Throws when there is none. */
export function pemToDer(pem: string, label: 'PUBLIC KEY'): Uint8Array<ArrayBuffer> {
  const match = new RegExp(`-----BEGIN ${label}-----([\\s\\S]+?)-----END ${label}-----`).exec(pem);
  if (!match?.[1]) throw new TypeError(`expected a PEM block '${label}'`);
  return fromBase64(match[1].replace(/\s+/g, ''));
}
