import { classifyBy, html, one } from '../page.mjs';

const page = html({ script: './page.js' }).replace(
  '  <script',
  '  <script src="/nearside/nearside.global.js"></script>\n  <script',
);

const script = `const { open } = nearside;
import { drawOne } from './one.js';
${classifyBy().replace('export ', '')}
const shown = document.querySelector('#result');
classify().then(
  ({ result, at }) => {
    shown.dataset.at = at;
    shown.textContent = result;
  },
  (error) => {
    shown.textContent = error.code + ': ' + error.message;
  },
);
`;

/** No tool at all: a folder that is copied, and a script tag. @type {import('../lane.mjs').Lane} */
export const scriptTag = {
  name: 'script-tag',
  line: 'copy node_modules/nearside/dist, and name its nearside.global.js in a script tag',
  files: { 'site/index.html': page, 'site/page.js': script, 'site/one.js': one },
  copies: { 'node_modules/nearside/dist': 'site/nearside' },
  output: 'site',
};
