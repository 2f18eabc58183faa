// Builds dist/node/backend-tfjs-cpu.js: TensorFlow.js in JavaScript, by which the publisher answers golden cases in Node.
// It is no asset: no page loads it.
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

await rm(here('dist/node'), { recursive: true, force: true });
const build = await rolldown({
  input: here('src/worker/backends/tfjs-cpu.ts'),
  platform: 'node',
  external: ['node-fetch'], // for models that are fetched
  resolve: {
    conditionNames: ['@nearside/source', 'node', 'import', 'default'],
    mainFields: ['module', 'main'], // ES modules, of which only the parts that are needed are taken
  },
});
await build.write({
  file: here('dist/node/backend-tfjs-cpu.js'),
  format: 'es',
  minify: true,
  codeSplitting: false,
});
await build.close();
