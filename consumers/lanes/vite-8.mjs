import { plainPage } from '../page.mjs';

/** @type {import('../lane.mjs').Lane} */
export const vite8 = {
  name: 'vite-8',
  dependencies: { vite: '8.3.8' },
  files: plainPage(),
  build: ['vite', 'build'],
  output: 'dist',
  dev: (port) => ['vite', '--port', `${port}`, '--strictPort'],
};
