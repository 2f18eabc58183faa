import { copiedAssets } from '../copied-assets.mjs';
import { plainPage } from '../page.mjs';

const { line, option, copies } = copiedAssets;
const BUNDLE = ['esbuild', 'main.js', '--bundle', '--splitting', '--format=esm', '--outdir=dist'];

/** @type {import('../lane.mjs').Lane} */
export const esbuild = {
  name: 'esbuild',
  line,
  dependencies: { esbuild: '0.28.2' },
  files: plainPage({ option }),
  copies,
  build: [...BUNDLE, '--minify'],
  output: 'dist',
  dev: (port) => [...BUNDLE, `--serve=127.0.0.1:${port}`, '--servedir=dist'],
};
