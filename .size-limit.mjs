/** `npx size-limit`, on what is built; `npm run bench -- runtime` has the same limits. */
const asModule = (config) => ({ ...config, format: 'esm' });

export default [
  {
    name: 'the page before the first inference: import { open }',
    path: 'packages/nearside/dist/index.js',
    import: '{ open }',
    // Chunks of their own: after the first result; where a plain `new Worker` does not do.
    ignore: ['*/later.js', '*/start-elsewhere.js'],
    gzip: true,
    limit: '18432 B',
    modifyEsbuildConfig: asModule,
  },
  {
    name: "a worker's own part, without its runtime: import { serve }",
    path: 'packages/nearside/dist/worker/serve.js',
    import: '{ serve }',
    gzip: true,
    limit: '66560 B',
    modifyEsbuildConfig: asModule,
  },
];
