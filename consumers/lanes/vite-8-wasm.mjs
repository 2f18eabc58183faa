import { plainPage } from '../page.mjs';

/** A build without the files of WebGPU. @type {import('../lane.mjs').Lane} */
export const vite8Wasm = {
  name: 'vite-8-wasm',
  line: "import from 'nearside/wasm'",
  dependencies: { vite: '8.3.8' },
  files: plainPage({ library: 'nearside/wasm' }),
  build: ['vite', 'build'],
  output: 'dist',
  dev: (port) => ['vite', '--port', `${port}`, '--strictPort'],
};
