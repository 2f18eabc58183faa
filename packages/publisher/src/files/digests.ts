import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/** SHA-256 as 64 lower-case hex digits; text is hashed as UTF-8. */
export function sha256Hex(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** SHA-256 in hex of a file, which may be larger than memory. */
async function fileDigest(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** SHA-256 in hex of a file by its path, or of a content. */
export async function digestOf(file: string | Uint8Array): Promise<string> {
  return typeof file === 'string' ? fileDigest(file) : sha256Hex(file);
}

/**
 * One digest of several files: SHA-256 of a line per file, as `sha256sum` prints it. golden.py computes the same.
 *
 * @param files name → path or content, in the order of the lines
 */
export async function filesDigest(
  files: Iterable<readonly [string, string | Uint8Array]>,
): Promise<string> {
  let lines = '';
  for (const [name, file] of files) lines += `${await digestOf(file)}  ${name}\n`;
  return sha256Hex(new TextEncoder().encode(lines));
}
