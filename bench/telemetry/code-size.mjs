import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { row } from '../row.mjs';

/** Theirs anyway: where stores, requests and hashes are; what checks shapes, names errors, and knows page and timers. */
const SHARED = [
  '#platform',
  '@nearside/artifact',
  '@nearside/artifact/fallback-store',
  'valibot',
  /core\/dist\/(?:errors|parse|share-once)\.js$/,
  /nearside\/dist\/(?:library-version|page|timers|policy-refusal)\.js$/,
];

/** Production builds, minified, gzip at its best. */
export async function codeSize() {
  return [
    await sizeRow('telemetry-page-gzip-bytes', 'page-entry.js', 8192),
    await sizeRow('telemetry-worker-gzip-bytes', 'worker-entry.js', 1536),
  ];
}

async function sizeRow(name, entry, atMost) {
  const { output } = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      target: 'esnext',
      modulePreload: false,
      rollupOptions: {
        input: fileURLToPath(new URL(entry, import.meta.url)),
        external: SHARED,
        preserveEntrySignatures: 'strict',
      },
    },
  });
  const value = gzipSync(output[0].code, { level: 9 }).length;
  return row(name, { value, unit: 'bytes', atMost });
}
