// Builds the library for those who do not take it as separate modules, into dist:
//   wasm/nearside.js      `nearside/wasm`: as the modules, without WebGPU's files
//   external/nearside.js  `nearside/external`, and `main` for tools that read no `exports`: without any of them
//   nearside.module.js    one ES module, for an import map
//   nearside.global.js    one classic script, for a script tag: `nearside.open(…)`
// The last two look for the runtime's files beside themselves. All but the first know their hashes. It prints
// the `integrity` of the last two.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** For bundlers: what a page needs later is a file of its own. */
const IN_PARTS = { format: 'es', entryFileNames: 'nearside.js', chunkFileNames: '[name].js' };
const IN_ONE = { minify: true, codeSplitting: false };

const { files } = JSON.parse(await readFile(here('dist/assets.json'), 'utf8'));
const integrity = Object.fromEntries(files.map(({ name, integrity }) => [name, integrity]));

await bundle('wasm', {}, { dir: here('dist/wasm'), ...IN_PARTS });
await bundle('external', scriptIs('undefined'), { dir: here('dist/external'), ...IN_PARTS });
await bundle('external', scriptIs('import.meta.url'), {
  file: here('dist/nearside.module.js'),
  format: 'es',
  ...IN_ONE,
});
await bundle('external', scriptIs('document.currentScript?.src'), {
  file: here('dist/nearside.global.js'),
  format: 'iife',
  name: 'nearside',
  ...IN_ONE,
});

for (const file of ['nearside.module.js', 'nearside.global.js']) {
  const hash = createHash('sha384').update(await readFile(here(`dist/${file}`)));
  console.error(`${file}  integrity="sha384-${hash.digest('base64')}"`);
}

/** What `src/runtime-files/external.ts` has written in. */
function scriptIs(expression) {
  return { __SCRIPT__: expression, __INTEGRITY__: JSON.stringify(integrity) };
}

/** @param {string} files which of `src/runtime-files` it is built with */
async function bundle(files, define, output) {
  const build = await rolldown({
    input: here('src/index.ts'),
    platform: 'browser',
    resolve: {
      conditionNames: ['@nearside/source', 'module', 'browser', 'import', 'default'],
      extensionAlias: { '.js': ['.ts', '.js'] },
      alias: { '#runtime-files': here(`src/runtime-files/${files}.ts`) },
    },
    transform: { define },
  });
  await build.write({ exports: 'named', ...output });
  await build.close();
}
