// Builds the library for those who do not take it as separate modules, into dist:
//   wasm/nearside.js      `nearside/wasm`: as the modules, without WebGPU's files
//   nearside.external.js  `nearside/external`, and `main` for tools that read no `exports`: one ES module
//   nearside.global.js    one classic script, for a script tag: `nearside.open(…)`
// The last two look for the runtime's files beside themselves and know their hashes. It prints the
// `integrity` of both.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const { files } = JSON.parse(await readFile(here('dist/assets.json'), 'utf8'));
const integrity = Object.fromEntries(files.map(({ name, integrity }) => [name, integrity]));

await bundle('wasm', {}, { dir: here('dist/wasm'), format: 'es', entryFileNames: 'nearside.js' });
await bundle('external', scriptIs('import.meta.url'), {
  file: here('dist/nearside.external.js'),
  format: 'es',
  minify: true,
  codeSplitting: false,
});
await bundle('external', scriptIs('document.currentScript?.src'), {
  file: here('dist/nearside.global.js'),
  format: 'iife',
  name: 'nearside',
  minify: true,
  codeSplitting: false,
});

for (const file of ['nearside.external.js', 'nearside.global.js']) {
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
  await build.write({ exports: 'named', chunkFileNames: '[name].js', ...output });
  await build.close();
}
