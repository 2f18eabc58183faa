import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { row } from '../row.mjs';

/**
 * What the verifier adds to a worker, which reads a version's description with valibot anyway; and
 * the verifier alone, with its part of valibot. Production builds, minified, gzip at its best.
 */
export async function verifierSize() {
  const alone = await gzipBytesOf('verifier-entry.js');
  const without = await gzipBytesOf('description-entry.js');
  const together = await gzipBytesOf('description-and-verifier-entry.js');
  return [
    row('verifier-gzip-bytes', { value: together - without, unit: 'bytes', atMost: 6144 }),
    row('verifier-alone-gzip-bytes', { value: alone, unit: 'bytes' }),
  ];
}

async function gzipBytesOf(entry) {
  const { output } = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      target: 'esnext',
      modulePreload: false,
      rollupOptions: {
        input: fileURLToPath(new URL(`entries/${entry}`, import.meta.url)),
        preserveEntrySignatures: 'strict',
      },
    },
  });
  return gzipSync(output[0].code, { level: 9 }).length;
}
