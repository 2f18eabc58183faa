import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { chromiumLaunch } from './scripts/chromium.mjs';

// Source tests run on the sources: this condition leads every package to its `src`.
const source = {
  resolve: { conditions: ['@nearside/source', 'module', 'browser', 'development|production'] },
};

export default defineConfig({
  test: {
    projects: [
      {
        resolve: { conditions: ['@nearside/source'] },
        ssr: { resolve: { conditions: ['@nearside/source', 'node', 'import'] } },
        test: {
          name: 'unit',
          environment: 'node',
          include: [
            'packages/*/src/**/*.test.ts',
            'scripts/**/*.test.ts',
            'conformance/**/*.test.ts',
          ],
          exclude: ['**/*.browser.test.ts', '**/node_modules/**', '**/dist/**'],
        },
      },
      {
        ...source,
        optimizeDeps: {
          exclude: ['onnxruntime-web'],
          include: [
            'fast-check',
            'valibot',
            '@tensorflow/tfjs-backend-wasm',
            '@tensorflow/tfjs-converter',
            '@tensorflow/tfjs-core',
            '@tensorflow/tfjs-layers',
          ],
        },
        worker: { format: 'es' },
        server: {
          headers: {
            'Cross-Origin-Opener-Policy': 'same-origin',
            'Cross-Origin-Embedder-Policy': 'require-corp',
          },
        },
        test: {
          name: 'browser',
          include: ['packages/*/src/**/*.browser.test.ts'],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: chromiumLaunch }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
});
