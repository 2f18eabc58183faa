import { fileURLToPath } from 'node:url';
import { gzipBytesOf } from '../gzip-bytes.mjs';
import { row } from '../row.mjs';

/** Theirs anyway: where stores, requests and hashes are; what checks shapes, names errors, and knows page and timers. */
const SHARED = [
  '#open-store',
  '#platform',
  '@nearside/artifact',
  '@nearside/artifact/fallback-store',
  'valibot',
  /core\/dist\/(?:errors|parse|share-once)\.js$/,
  /nearside\/dist\/(?:shared\/(?:install|library-version|page-events|timers)|page\/platform\/later\/explain-fetch)\.js$/,
];

export async function codeSize() {
  return [
    await sizeRow('telemetry-page-gzip-bytes', 'page-entry.js', 8192),
    await sizeRow('telemetry-worker-gzip-bytes', 'worker-entry.js', 1536),
  ];
}

async function sizeRow(name, entry, atMost) {
  const path = fileURLToPath(new URL(entry, import.meta.url));
  return row(name, { value: await gzipBytesOf(path, SHARED), unit: 'bytes', atMost });
}
