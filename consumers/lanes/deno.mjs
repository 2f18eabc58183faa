import { edgeProgram, edgeServer } from '../edge-server.mjs';
import { program } from '../page.mjs';

/** With the node_modules that npm made. @type {import('../lane.mjs').Lane} */
export const deno = {
  name: 'deno',
  dependencies: { deno: '2.9.6' },
  files: {
    'import.mjs': program("import process from 'node:process';\nimport { open } from 'nearside';"),
    ...edgeServer,
    'server.mjs': edgeProgram,
  },
  programs: {
    import: ['deno', 'run', '--allow-all', 'import.mjs'],
    'examples/edge-server': ['deno', 'run', '--allow-all', 'server.mjs'],
  },
};
