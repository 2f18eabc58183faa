import { defineConfig } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';
import { manifest } from './build/manifest.ts';
import { requireRuntimeOf } from './build/require-runtime.ts';

export default defineConfig({
  base: './', // any folder of a static host
  build: { target: 'esnext', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  plugins: [
    VitePWA({
      registerType: 'prompt',
      injectRegister: false, // `src/app-updates.ts` registers it, when the model is there
      manifest,
      includeManifestIcons: false, // `globPatterns` has them
      workbox: {
        globPatterns: ['**/*.{html,css,js,wasm,png,jpg,svg}'],
        globIgnores: ['**/*webgpu*', '**/*jspi*', '**/*tfjs*'],
        maximumFileSizeToCacheInBytes: 16 * 1024 * 1024,
        clientsClaim: true,
        runtimeCaching: [
          {
            urlPattern: /\/nearside\.config\.json$/,
            handler: 'NetworkFirst',
            options: { cacheName: 'kept', networkTimeoutSeconds: 3 },
          },
          {
            urlPattern: /webgpu|jspi/,
            handler: 'CacheFirst', // what `src/keep-files.ts` has put there, and nothing else
            options: { cacheName: 'kept', plugins: [{ cacheWillUpdate: async () => null }] },
          },
        ],
        inlineWorkboxRuntime: true,
        manifestTransforms: [requireRuntimeOf(['onnx-wasm'])],
      },
    }),
  ],
});
