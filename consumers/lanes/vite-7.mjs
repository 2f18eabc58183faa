import { plainPage } from '../page.mjs';

/** For its development server: it prepares dependencies, and would part the library from its files. */
const line = "optimizeDeps: { exclude: ['nearside'] }";

/** @type {import('../lane.mjs').Lane} */
export const vite7 = {
  name: 'vite-7',
  line,
  dependencies: { vite: '7.3.8' },
  files: { ...plainPage(), 'vite.config.js': `export default { ${line} };\n` },
  build: ['vite', 'build'],
  output: 'dist',
  dev: (port) => ['vite', '--port', `${port}`, '--strictPort'],
};
