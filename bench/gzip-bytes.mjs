import { gzipSync } from 'node:zlib';
import { build } from 'vite';

/**
 * What an entry weighs in a production build: minified, gzip at its best.
 *
 * @param {string} input path of the entry
 * @param {(string | RegExp)[]} [external] what a page or worker has anyway
 */
export async function gzipBytesOf(input, external = []) {
  const { output } = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      target: 'esnext',
      modulePreload: false,
      rollupOptions: { input, external, preserveEntrySignatures: 'strict' },
    },
  });
  return gzipSync(output[0].code, { level: 9 }).length;
}
