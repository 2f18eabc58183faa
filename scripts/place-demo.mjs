// Seals the digits for the first page of the docs, before that is built: the folder goes into the site as it is.
import { seal } from '../packages/publisher/dist/index.js';
import { root } from './root.mjs';

const site = `${root}docs/.vitepress`;
await seal({
  modelDirectory: `${root}models/digits`,
  out: `${site}/public/demo/digits`,
  url: '/demo/digits',
  module: `${site}/theme/digits.model.ts`,
  onnxRuntime: 'common',
  prune: true,
});
