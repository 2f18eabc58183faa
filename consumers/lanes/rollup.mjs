import { copiedAssets } from '../copied-assets.mjs';
import { plainPage } from '../page.mjs';

const { line, option, copies } = copiedAssets;

const config = `import { nodeResolve } from '@rollup/plugin-node-resolve';
import terser from '@rollup/plugin-terser';

export default {
  input: 'main.js',
  output: { dir: 'dist' },
  plugins: [nodeResolve(), terser()],
};
`;

/** Rollup has no development server. @type {import('../lane.mjs').Lane} */
export const rollup = {
  name: 'rollup',
  line,
  dependencies: {
    rollup: '4.68.8',
    '@rollup/plugin-node-resolve': '16.0.3',
    '@rollup/plugin-terser': '1.0.2',
  },
  files: { ...plainPage({ option }), 'rollup.config.mjs': config },
  copies,
  build: ['rollup', '--config'],
  output: 'dist',
};
