import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { row } from '../row.mjs';

/** The verifier as a production build has it: minified, gzip at its best, with its part of valibot. */
export async function verifierSize() {
  const alone = await gzipBytesOf('verifier-entry.js');
  const without = await gzipBytesOf('description-entry.js');
  const together = await gzipBytesOf('description-and-verifier-entry.js');
  return [
    row('verifier-gzip-bytes', { value: alone, unit: 'bytes', atMost: 6144 }),
    row('verifier-added-gzip-bytes', { value: together - without, unit: 'bytes' }),
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
