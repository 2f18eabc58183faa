// Builds the library for those who do not take it as separate modules, into dist:
//   wasm/nearside.js      `nearside/wasm`: as the modules, without WebGPU's files
//   external/nearside.js  `nearside/external`, and `main` for tools that read no `exports`: without any of them
//   nearside.module.js    one ES module, for an import map
//   nearside.search.js    `nearside/search` as one ES module, for the same map or a plain import
//   nearside.global.js    a classic script, for a script tag: `nearside.open(…)`; it loads nearside.later.js
//                         after the first result
// nearside.module.js and nearside.global.js have no `canRun` (src/script.ts), and look for the runtime's files beside
// themselves. All but the search know the hashes of these files: into the separate modules they are written too. It prints
// the `integrity` of files for browsers.
import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { withoutProxies } from './without-proxies.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** For bundlers: what a page needs later is a file of its own. */
const IN_PARTS = { format: 'es', entryFileNames: 'nearside.js', chunkFileNames: '[name].js' };
/** For browsers: no tool that reads annotations comes after this. */
const IN_ONE = { minify: true, codeSplitting: false, comments: { annotation: false } };

const { files } = JSON.parse(await readFile(here('dist/assets.json'), 'utf8'));
const hashes = Object.fromEntries(files.map(({ name, integrity }) => [name, integrity]));
/** For `src/page/platform/start-elsewhere.ts`. */
const HASHES = { __INTEGRITY__: JSON.stringify(hashes) };

for (const folder of ['wasm', 'external'])
  await rm(here(`dist/${folder}`), { recursive: true, force: true });
await writeHashes('page/platform/start-elsewhere');
await writeComlink('shared/comlink');
await bundle('wasm', HASHES, { dir: here('dist/wasm'), ...IN_PARTS });
await bundle('external', scriptIs('undefined'), { dir: here('dist/external'), ...IN_PARTS });
await bundle(
  'external',
  scriptIs('import.meta.url'),
  { file: here('dist/nearside.module.js'), format: 'es', ...IN_ONE },
  'src/script.ts',
);
const search = { file: here('dist/nearside.search.js'), format: 'es', ...IN_ONE };
await bundle('external', {}, search, 'src/search.ts');
await bundleScripts();

for (const file of ['nearside.module.js', 'nearside.search.js', 'nearside.global.js']) {
  console.error(`${file}  integrity="${await hashOf(file)}"`);
}

/**
 * Two classic scripts that share modules. They are built as ES modules first, with what both need as a third file.
 * That goes into the first script, which hands it to the second by a global of this build's own name.
 */
async function bundleScripts() {
  const input = { nearside: here('src/script.ts'), later: here('src/page/model/later/later.ts') };
  const alias = { '#import-later': here('src/page/model/import-later-script.ts') };
  const define = scriptIs('globalThis.document?.currentScript?.src');
  const build = await open('external', { input, alias, define });
  const { output } = await build.generate({ format: 'es', chunkFileNames: '[name].js' });
  await build.close();
  const modules = new Map(output.map(({ fileName, code }) => [fileName, code]));
  const [parts] = output.find(({ fileName }) => fileName === 'later.js').imports;
  // Two builds on one page have parts of other names.
  const id = createHash('sha256')
    .update([...modules.values()].join())
    .digest('hex')
    .slice(0, 12);
  const [partsName, laterName] = [`nearside_parts_${id}`, `nearside_later_${id}`];
  await writeScript('nearside.later.js', modules, {
    entry: `export * from './later.js';`,
    parts,
    output: { name: laterName, globals: { [`./${parts}`]: partsName } },
  });
  await writeScript('nearside.global.js', modules, {
    entry: `
      import * as parts from './${parts}';
      globalThis.${partsName} = parts;
      export * from './nearside.js';`,
    output: { name: 'nearside' },
    define: {
      __LATER_INTEGRITY__: JSON.stringify(await hashOf('nearside.later.js')),
      __LATER_NAME__: JSON.stringify(laterName),
    },
  });
}

/** @param {Map<string, string>} modules by file name; `parts` among them is another script's */
async function writeScript(file, modules, { entry, parts, output, define }) {
  const inMemory = {
    name: 'modules in memory',
    resolveId: (id) => ({ id, external: id === `./${parts}` }),
    load: (id) => (id === 'entry' ? entry : modules.get(id.slice(2))),
  };
  const build = await rolldown({
    input: 'entry',
    plugins: [inMemory],
    transform: { define },
    treeshake: { propertyReadSideEffects: false },
  });
  await build.write({
    file: here(`dist/${file}`),
    format: 'iife',
    exports: 'named',
    externalLiveBindings: false, // no part changes once its script has run
    generatedCode: { symbols: false },
    ...IN_ONE,
    ...output,
  });
  await build.close();
}

async function hashOf(file) {
  const bytes = await readFile(here(`dist/${file}`));
  return `sha384-${createHash('sha384').update(bytes).digest('base64')}`;
}

/** For `src/page/runtime-files/external.ts`. */
function scriptIs(expression) {
  return { __SCRIPT__: expression, ...HASHES };
}

/** Makes one of the separate modules anew, with the hashes. */
async function writeHashes(module) {
  const build = await rolldown({
    input: here(`src/${module}.ts`),
    external: (_id, importer) => importer !== undefined,
    transform: { define: HASHES },
  });
  await build.write({ file: here(`dist/${module}.js`), format: 'es', sourcemap: true });
  await build.close();
}

/** Makes the module anew that has Comlink. */
async function writeComlink(module) {
  const build = await rolldown({
    input: here(`src/${module}.ts`),
    platform: 'browser',
    plugins: [withoutProxies],
  });
  await build.write({
    file: here(`dist/${module}.js`),
    format: 'es',
    sourcemap: true,
    banner: '/* Comlink 4.4.2, changed: without proxies. Copyright 2019 Google LLC, Apache-2.0. */',
  });
  await build.close();
}

async function bundle(files, define, output, entry = 'src/index.ts') {
  const build = await open(files, { input: here(entry), define });
  await build.write({ exports: 'named', ...output });
  await build.close();
}

/** @param {string} files which of `src/runtime-files` it is built with */
function open(files, { input, define, alias = {} }) {
  return rolldown({
    input,
    platform: 'browser',
    plugins: [withoutProxies],
    resolve: {
      conditionNames: ['@nearside/source', 'module', 'browser', 'import', 'default'],
      extensionAlias: { '.js': ['.ts', '.js'] },
      alias: { '#runtime-files': here(`src/page/runtime-files/${files}.ts`), ...alias },
    },
    transform: { define },
  });
}
