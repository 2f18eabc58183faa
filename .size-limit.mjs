/** `npx size-limit`, on what is built; `npm run bench -- runtime` has the same limit for `open`. */
const DIST = 'packages/nearside/dist';

/** Chunks of their own: after the first result; where a plain `new Worker` does not do. */
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

/** A file as it is shipped; size-limit's esbuild prints it anew, some 1 % larger. */
function file(name, limit) {
  const asItIs = { bundle: false, minify: false, external: undefined, format: undefined };
  return {
    name,
    path: `${DIST}/${name}`,
    gzip: true,
    limit,
    modifyEsbuildConfig: (config) => ({ ...config, ...asItIs }),
  };
}

export default [
  importing('open', '18432 B'), // the page before the first inference
  importing('openUnsigned', '19456 B'),
  importing('createEngine', '22016 B'),
  importing('canRun', '22528 B'),
  importing('clear', '5120 B'),
  importing('runtimeAssets', '2048 B'),
  importing('serve', '70912 B', `${DIST}/worker/serve.js`), // a worker without its runtime
  file('assets/worker-tfjs-wasm.js', '249856 B'),
  file('assets/worker-onnx-wasm.js', '97536 B'),
  file('assets/worker-tfjs-webgpu.js', '287744 B'),
  file('assets/worker-onnx-webgpu.js', '111872 B'),
  file('assets/microphone-worklet.js', '512 B'),
  file('nearside.module.js', '59648 B'),
  file('nearside.global.js', '29696 B'),
  file('nearside.later.js', '35072 B'),
];
