import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { row } from '../row.mjs';

/**
 * What a page loads before its first inference, and a worker beside its runtime: production builds as
 * an app makes them, Vite's own helpers included, gzip at its best.
 */
export async function measureCodeSize() {
  return [
    row('main-js-gzip-bytes', {
      value: await firstChunkBytes('page-entry.js'),
      unit: 'bytes',
      atMost: 15_360,
    }),
    row('worker-js-gzip-bytes', {
      value: await firstChunkBytes('worker-entry.js'),
      unit: 'bytes',
      atMost: 46_080,
    }),
  ];
}

/** The entry and what it imports, without what it loads later. */
async function firstChunkBytes(entry) {
  const { output } = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      target: 'esnext',
      assetsInlineLimit: 0,
      rolldownOptions: { input: fileURLToPath(new URL(`./entries/${entry}`, import.meta.url)) },
    },
  });
  const chunks = new Map(output.map((file) => [file.fileName, file]));
  const first = new Set([output.find(({ isEntry }) => isEntry).fileName]);
  for (const name of first) for (const imported of chunks.get(name).imports) first.add(imported);
  return [...first].reduce(
    (sum, name) => sum + gzipSync(chunks.get(name).code, { level: 9 }).length,
    0,
  );
}
