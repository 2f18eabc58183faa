import { kindOf } from '@nearside/core';
import { fromBase64Url, toBase64Url } from '../base64.js';
import { toHex } from '../hex.js';
import { sha256 } from '../sha256.js';

/** A pin: `sha256-` and the base64url SHA-256 of the raw bytes of `metadata/1.root.json`. */
export async function pinOf(firstRoot: Uint8Array<ArrayBuffer>): Promise<string> {
  return `sha256-${toBase64Url(await sha256(firstRoot))}`;
}

/**
 * Reads the `trust` option: a pin, or the raw bytes of the first root itself.
 *
 * @throws TypeError when it is neither
 */
export async function parseTrust(trust: unknown): Promise<string> {
  const pin = readPin(trust);
  if (pin !== undefined) return pin;
  if (kindOf(trust) === 'Uint8Array') return pinOf(new Uint8Array(trust as Uint8Array));
  throw new TypeError(
    `open: expected \`trust\` to be the repository's pin, 'sha256-' and 43 characters as ` +
      `\`nearside publish\` prints it, or the bytes of its first root metadata; got ${
        typeof trust === 'string' ? `'${trust}'` : trust && kindOf(trust)
      }`,
  );
}

/**
 * Reads a pin. Padding and the other base64 alphabet are accepted, as in subresource integrity.
 *
 * @returns undefined for any other value
 */
export function readPin(trust: unknown): string | undefined {
  return typeof trust === 'string' && /^sha256-[A-Za-z0-9+/_-]{43}=?$/.test(trust)
    ? trust.replaceAll('+', '-').replaceAll('/', '_').replace('=', '')
    : undefined;
}

/** A repository's keys in the store begin with the first 16 hex digits of its pin's hash. */
export function pinPrefix(pin: string): string {
  return toHex(fromBase64Url(pin.slice('sha256-'.length)).subarray(0, 8));
}
