import { fromBase64Url } from '../base64.js';
import { toHex } from '../hex.js';

/**
 * Reads a hash that a page names: `sha256-` and a SHA-256 in base64url. It is a repository's pin, the hash of its
 * `metadata/1.root.json`, or the `integrity` of a sealed model, the hash of its seal. Padding and the other base64
 * alphabet are accepted, as in subresource integrity.
 *
 * @returns undefined for any other value
 */
export function readPin(trust: unknown): string | undefined {
  return typeof trust === 'string' && /^sha256-[A-Za-z0-9+/_-]{43}=?$/.test(trust)
    ? trust.replaceAll('+', '-').replaceAll('/', '_').replace('=', '')
    : undefined;
}

/** @returns the hash in hex */
export function pinHex(pin: string): string {
  return toHex(fromBase64Url(pin.slice('sha256-'.length)));
}

/** A repository's keys in the store begin with the first 16 hex digits of its pin's hash. */
export function pinPrefix(pin: string): string {
  return pinHex(pin).slice(0, 16);
}
