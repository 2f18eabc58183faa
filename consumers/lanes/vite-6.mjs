import { plainPage } from '../page.mjs';

/**
 * For its development server: it prepares dependencies, and would part the library from its files. Its build refuses
 * top-level await, by its default target, so the snippet has none.
 */
const line = "optimizeDeps: { exclude: ['nearside'] }";

/** @type {import('../lane.mjs').Lane} */
export const vite6 = {
  name: 'vite-6',
  line,
  dependencies: { vite: '6.4.6' },
  files: { ...plainPage(), 'vite.config.js': `export default { ${line} };\n` },
  build: ['vite', 'build'],
  output: 'dist',
  dev: (port) => ['vite', '--port', `${port}`, '--strictPort'],
};
