import { toBase64Url } from './base64.js';
import { fromHex } from './hex.js';
import { pinHex, readPin } from './tuf/pin.js';

/** The number of a sealed version on a device: the first 48 bits of its seal's hash. */
export function sequenceOfSeal(sha256: string): number {
  return Number.parseInt(sha256.slice(0, 12), 16);
}

/**
 * Reads the `integrity` option: `sha256-` and the SHA-256 of a seal in base64 or base64url, as in subresource integrity.
 *
 * @returns the hash in hex; undefined for any other value
 */
export function readIntegrity(integrity: unknown): string | undefined {
  const pin = readPin(integrity);
  return pin && pinHex(pin);
}

/** @returns the `integrity` of a seal, as `nearside seal` prints it */
export function integrityOf(sha256: string): string {
  const text = toBase64Url(fromHex(sha256)).replaceAll('-', '+').replaceAll('_', '/');
  return `sha256-${text}=`;
}
