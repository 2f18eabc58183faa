import { classifyBy, html, one, show } from '../page.mjs';

const page = html({ script: './page.js' }).replace(
  '  <script',
  '  <script src="/nearside/nearside.global.js"></script>\n  <script',
);

const script = `const { open } = nearside;
import { drawOne } from './one.js';
${classifyBy().replace('export ', '')}
${show}`;

/** No tool at all: a folder that is copied, and a script tag. @type {import('../lane.mjs').Lane} */
export const scriptTag = {
  name: 'script-tag',
  line: 'copy node_modules/nearside/dist, and name its nearside.global.js in a script tag',
  files: { 'site/index.html': page, 'site/page.js': script, 'site/one.js': one },
  copies: { 'node_modules/nearside/dist': 'site/nearside' },
  output: 'site',
};
