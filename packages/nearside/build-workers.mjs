// Builds one self-contained worker per backend into dist/assets, with its wasm beside it, and the
// backend alone for workers of an app's own; and the microphone's worklet.
// Each is a build of its own, or they would share a chunk; static imports only, because a
// consumer's bundler must find nothing left to fold. Beside them is `steps.js`, which a worker loads where a model needs
// it. `dist/assets.json` lists them.
import { createHash } from 'node:crypto';
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { FULL_FILE, makeCommon, readList } from '../../scripts/slim/make-common.mjs';
import { buildSteps } from './build-steps.mjs';
import { withoutProxies } from './without-proxies.mjs';

const require = createRequire(import.meta.url);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const outDir = here('dist/assets');

/** The files in `src/worker/backends`, and what each exports. */
const BACKENDS = {
  'onnx-wasm': 'onnxWasm',
  'onnx-webgpu': 'onnxWebgpu',
  'tfjs-wasm': 'tfjsWasm',
  'tfjs-webgpu': 'tfjsWebgpu',
};
const ENTRIES = Object.keys(BACKENDS)
  .flatMap((backend) => [
    [`worker-${backend}`, here(`src/worker/worker-${backend}.ts`)],
    [`backend-${backend}`, here(`src/worker/backends/${backend}.ts`)],
  ])
  .concat([['microphone-worklet', here('src/worker/assets/microphone-worklet.ts')]]);

/** A worker's own file is only this. Node imports it and attaches the result to a port. */
const workerEntries = {
  name: 'worker-entries',
  resolveId: (id) => (backendOf(id) ? id : null),
  load(id) {
    const backend = backendOf(id);
    return backend
      ? `import { ${BACKENDS[backend]} as backend } from './backends/${backend}.ts';
         import { serve } from './serve.ts';
         export default serve({ backend });`
      : null;
  },
};

function backendOf(id) {
  return Object.keys(BACKENDS).find((backend) => id === here(`src/worker/worker-${backend}.ts`));
}

/** TensorFlow.js registers the gradients of all operators for training, which no worker does: 5.7 KB with gzip. */
const withoutGradients = {
  name: 'without-gradients',
  load: (id) => (id.endsWith('/tfjs-core/dist/register_all_gradients.js') ? 'export {};' : null),
};

/** What is so short may be twice: a constant, or a function of a line. */
const FEW_CHARACTERS = 600;

const { version } = JSON.parse(await readFile(here('package.json'), 'utf8'));

await rm(outDir, { recursive: true, force: true });
/** The modules of each entry, by its name. */
const modulesOf = new Map();
for (const [name, entry] of ENTRIES) {
  const { output } = await build({
    configFile: false,
    root: here('src'),
    base: './',
    logLevel: 'warn',
    plugins: [workerEntries, withoutGradients, withoutProxies],
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
        input: { [name]: entry },
        // Whoever imports the file needs its exports: Node, and an app's own worker.
        preserveEntrySignatures: 'strict',
        output: { entryFileNames: '[name].js', assetFileNames: '[name][extname]' },
      },
    },
  });
  modulesOf.set(name, modulesIn(output[0]));
}

const steps = await buildSteps(version);
requireOnce(modulesIn(steps), modulesOf.get('worker-onnx-wasm'));
await writeFile(`${outDir}/steps.js`, steps.code);

// ONNX Runtime's wasm files were emitted by its builds; TensorFlow.js names its file only at run time.
const tfjs = dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'));
const simd = 'tfjs-backend-wasm-simd.wasm';
await copyFile(`${tfjs}/wasm-out/${simd}`, `${outDir}/${simd}`);

// What common models use of ONNX Runtime, in less than half of its bytes.
const common = makeCommon(await readFile(FULL_FILE), await readList());
await writeFile(`${outDir}/ort-common.wasm`, common);

/** What a backend needs at run time: its worker, and its runtime's wasm if it has one, or two. */
const RUNTIME_FILES = {
  'onnx-wasm': ['worker-onnx-wasm.js', 'ort-common.wasm', 'ort-wasm-simd-threaded.wasm'],
  'onnx-webgpu': ['worker-onnx-webgpu.js', 'ort-wasm-simd-threaded.jspi.wasm'],
  'tfjs-wasm': ['worker-tfjs-wasm.js', simd],
  'tfjs-webgpu': ['worker-tfjs-webgpu.js'],
};
const files = Object.entries(RUNTIME_FILES).flatMap(([backend, names]) =>
  names.map((name) => describeFile(name, { backend })),
);
const others = [
  describeFile('steps.js', {}),
  describeFile('microphone-worklet.js', { entry: 'nearside/microphone' }),
];
const list = { files: await Promise.all([...files, ...others]) };
await writeFile(here('dist/assets.json'), `${JSON.stringify(list, undefined, 2)}\n`);

/** @param {{ backend?: string, entry?: string }} needed by which backend, or who imports which entry; by all for none */
async function describeFile(name, needed) {
  const bytes = await readFile(`${outDir}/${name}`);
  const integrity = `sha384-${createHash('sha384').update(bytes).digest('base64')}`;
  const gzipBytes = gzipSync(bytes, { level: 9 }).length;
  return { name, ...needed, bytes: bytes.length, gzipBytes, integrity };
}

/** Paths of modules to how much of their code is there, characters. */
function modulesIn({ modules }) {
  return new Map(Object.entries(modules).map(([id, { renderedLength }]) => [id, renderedLength]));
}

function requireOnce(inSteps, inWorker) {
  for (const [id, characters] of inSteps) {
    if (Math.min(characters, inWorker.get(id) ?? 0) > FEW_CHARACTERS)
      throw new Error(
        `${id} is in steps.js and in workers: name it in steps-file-parts.ts or second-file-parts.ts.`,
      );
  }
}
