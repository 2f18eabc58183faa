import { plainPage } from '../page.mjs';

/**
 * Workbox precaches wasm by default, and vite-plugin-pwa ends a build that has a file above 2 MiB: ONNX Runtime's three.
 * Under another name they would be no files of the precache, and not of the type that a browser keeps compiled.
 */
const line =
  "workbox: { globIgnores: ['**/*webgpu*', '**/*jspi*'], maximumFileSizeToCacheInBytes: 16 * 1024 * 1024 }";

const configWith = (options) => ({
  'vite.config.js': `import { VitePWA } from 'vite-plugin-pwa';

export default { plugins: [VitePWA(${options})] };
`,
});

const { 'main.js': main, ...page } = plainPage();

/**
 * All other options have their defaults. As docs/guide/offline.md has it, the precache begins after the first result.
 *
 * @type {import('../lane.mjs').Lane}
 */
export const vite8Pwa = {
  name: 'vite-8-pwa',
  line,
  dependencies: { vite: '8.3.8', 'vite-plugin-pwa': '2.0.0' },
  files: {
    ...page,
    'main.js': `import { registerSW } from 'virtual:pwa-register';
${main}new MutationObserver(() => registerSW()).observe(shown, { childList: true });
`,
    ...configWith(`{ ${line} }`),
  },
  withoutLine: { files: configWith(''), says: 'Assets exceeding the limit' },
  build: ['vite', 'build'],
  output: 'dist',
  headers: async () => ({ 'Cache-Control': 'public, max-age=31536000, immutable' }), // each file is fetched once
  isOffline: true,
  dev: (port) => ['vite', '--port', `${port}`, '--strictPort'],
};
