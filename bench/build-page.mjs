import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/**
 * Builds the page of a suite as an app would be built.
 *
 * @param {string} suite URL of the suite's own module, which lies beside the page
 * @param {string} outDir
 * @param {string[]} [pages] names of its pages, where there is more than `index`
 * @param {string} [base] where the page is served from
 */
export function buildPage(suite, outDir, pages = ['index'], base = '/') {
  const root = fileURLToPath(new URL('.', suite));
  return build({
    configFile: false,
    root,
    base,
    logLevel: 'error',
    worker: { format: 'es' },
    define: { 'process.env.BENCH_QUICK': JSON.stringify(process.env.BENCH_QUICK ?? '') },
    build: {
      outDir,
      target: 'esnext',
      assetsInlineLimit: 0,
      rolldownOptions: { input: pages.map((name) => `${root}${name}.html`) },
    },
  });
}
