import { fileURLToPath } from 'node:url';
import { gzipBytesOf } from '../gzip-bytes.mjs';
import { row } from '../row.mjs';

/**
 * What the verifier adds to a worker, which reads a version's description with valibot anyway; and
 * the verifier alone, with its part of valibot.
 */
export async function verifierSize() {
  const alone = await gzipBytesOf(entry('verifier-entry.js'));
  const without = await gzipBytesOf(entry('description-entry.js'));
  const together = await gzipBytesOf(entry('description-and-verifier-entry.js'));
  return [
    row('verifier-gzip-bytes', { value: together - without, unit: 'bytes', atMost: 6144 }),
    row('verifier-alone-gzip-bytes', { value: alone, unit: 'bytes' }),
  ];
}

function entry(name) {
  return fileURLToPath(new URL(`entries/${name}`, import.meta.url));
}
