/**
 * The one place that says how large what is built may be: `npx size-limit`, the rows of `npm run bench -- runtime`, and
 * the README's table are held to it. The limits leave room for plain code.
 */
const DIST = 'packages/nearside/dist';

/** These are chunks of their own: one loads after the first result, one where `new Worker(address)` is refused. */
const LATER = ['*/later.js', '*/start-elsewhere.js'];

/** An import as a page's bundler takes it, minified. */
function importing(name, limit, path = `${DIST}/index.js`) {
  return {
    name: `import { ${name} }`,
    path,
    import: `{ ${name} }`,
    ignore: LATER,
    gzip: true,
    limit,
    modifyEsbuildConfig: (config) => ({ ...config, format: 'esm' }),
  };
}

/** A helper for a framework, without that and without `open`. */
function helper(name, framework) {
  const row = importing('useModel, useRun', '1024 B', `${DIST}/${name}.js`);
  return { ...row, name: `${row.name} of ${name}`, ignore: ['nearside', framework] };
}

/** A file as it is shipped. */
function file(name, limit) {
  return {
    name,
    path: `${DIST}/${name}`,
    gzip: true,
    limit,
    modifyEsbuildConfig: ({ entryPoints, outdir, outExtension, metafile }) => ({
      ...{ entryPoints, outdir, outExtension, metafile },
      bundle: false,
      loader: { '.js': 'copy' },
    }),
  };
}

export default [
  importing('open', '20544 B'), // what a page loads before its first result
  importing('openUnsigned', '21504 B'),
  importing('createEngine', '23552 B'),
  importing('canRun', '24064 B'),
  importing('clear', '5120 B'),
  importing('runtimeAssets', '2048 B'),
  importing('createIndex', '6656 B', `${DIST}/search.js`),
  importing('createIndex, loadIndex, embedAll', '10240 B', `${DIST}/search.js`),
  importing('showInDevTools', '1536 B', `${DIST}/devtools.js`),
  importing('verifiedFetch', '20480 B', `${DIST}/transformers.js`),
  helper('react', 'react'),
  helper('vue', 'vue'),
  helper('svelte', 'svelte/store'),
  importing('serve', '63232 B', `${DIST}/worker/serve.js`), // a worker without its runtime
  file('assets/worker-tfjs-wasm.js', '236544 B'),
  file('assets/worker-onnx-wasm.js', '88576 B'),
  file('assets/worker-tfjs-webgpu.js', '274432 B'),
  file('assets/worker-onnx-webgpu.js', '101888 B'),
  file('assets/steps.js', '40960 B'),
  file('assets/microphone-worklet.js', '512 B'),
  file('nearside.module.js', '76800 B'),
  file('nearside.search.js', '10240 B'),
  file('nearside.global.js', '27392 B'),
  file('nearside.later.js', '49152 B'),
];
