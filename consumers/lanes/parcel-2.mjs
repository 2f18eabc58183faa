import { copiedAssets } from '../copied-assets.mjs';
import { plainPage } from '../page.mjs';

const { line, option, copies } = copiedAssets;
const { 'index.html': _, ...assets } = copies; // it writes the page itself

/** Parcel reads `main` of package.json, not `exports`. @type {import('../lane.mjs').Lane} */
export const parcel2 = {
  name: 'parcel-2',
  line,
  dependencies: { parcel: '2.16.4' },
  files: plainPage({ option }),
  copies: assets,
  build: ['parcel', 'build', 'index.html'],
  output: 'dist',
  dev: (port) => ['parcel', 'serve', 'index.html', '--dist-dir', 'dist', '--port', `${port}`],
};
