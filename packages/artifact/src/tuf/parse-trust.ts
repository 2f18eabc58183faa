import { kindOf } from '@nearside/core';
import { toBase64Url } from '../base64.js';
import { sha256 } from '../sha256.js';
import { readPin } from './pin.js';

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

/** The pin of a repository, by the raw bytes of its first root metadata. */
export async function pinOf(firstRoot: Uint8Array<ArrayBuffer>): Promise<string> {
  return `sha256-${toBase64Url(await sha256(firstRoot))}`;
}
