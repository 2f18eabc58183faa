import { root } from '../../scripts/root.mjs';
import { html, one, show } from '../page.mjs';

/** Extensions may compile wasm where their manifest says so. */
const line = "script-src 'self' 'wasm-unsafe-eval'";

const manifest = {
  manifest_version: 3,
  name: 'One',
  version: '1.0',
  content_security_policy: { extension_pages: `${line}; object-src 'self'` },
};

/** The model's module is what `nearside seal` writes. */
const main = `import { open } from './nearside/nearside.module.js';
import { digits } from './digits.model.js';
import { drawOne } from './one.js';

async function classify() {
  const backend = new URLSearchParams(location.search).get('backend') || undefined;
  const model = await open(digits, { backend });
  const { output, meta } = await model.run(drawOne());
  await model.close();
  return { result: output[0].label + ' by ' + meta.backend };
}
${show}`;

/**
 * An unpacked Manifest V3 extension: the library and a sealed model lie inside, and nothing is asked of a network.
 *
 * @type {import('../lane.mjs').Lane}
 */
export const extension = {
  name: 'extension',
  line,
  files: {
    'extension/manifest.json': JSON.stringify(manifest),
    'extension/index.html': html(),
    'extension/main.js': main,
    'extension/one.js': one,
  },
  programs: { 'unpacked, offline': ['node', `${root}consumers/visit-extension.mjs`, 'extension'] },
};
