// Builds one self-contained worker per backend into dist/assets, with its wasm beside it.
// Each is a build of its own, or they would share a chunk; static imports only, because a
// consumer's bundler must find nothing left to fold.
import { copyFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const require = createRequire(import.meta.url);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const outDir = here('dist/assets');

const WORKERS = [
  'worker-onnx-wasm',
  'worker-onnx-webgpu',
  'worker-tfjs-wasm',
  'worker-tfjs-webgpu',
];
await rm(outDir, { recursive: true, force: true });
for (const worker of WORKERS) {
  await build({
    configFile: false,
    root: here('src'),
    base: './',
    logLevel: 'warn',
    resolve: { conditions: ['@nearside/source', 'module', 'browser', 'production'] },
    build: {
      outDir,
      emptyOutDir: false,
      assetsDir: '',
      assetsInlineLimit: 0,
      target: 'esnext',
      reportCompressedSize: false,
      modulePreload: false,
      rollupOptions: {
        input: { [worker]: here(`src/assets/${worker}.ts`) },
        // Node imports the file and needs its default export.
        preserveEntrySignatures: 'strict',
        output: { entryFileNames: '[name].js', assetFileNames: '[name][extname]' },
      },
    },
  });
}

// ONNX Runtime's wasm files were emitted by its builds; TensorFlow.js names its file only at run time.
const tfjs = dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'));
const simd = 'tfjs-backend-wasm-simd.wasm';
await copyFile(`${tfjs}/wasm-out/${simd}`, `${outDir}/${simd}`);
