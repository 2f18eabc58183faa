import { edgeProgram, edgeServer } from '../edge-server.mjs';
import { program } from '../page.mjs';

/** @type {import('../lane.mjs').Lane} */
export const bun = {
  name: 'bun',
  dependencies: { bun: '1.4.5' },
  files: {
    'import.mjs': program("import { open } from 'nearside';"),
    ...edgeServer,
    'server.mjs': edgeProgram,
  },
  programs: { import: ['bun', 'import.mjs'], 'examples/edge-server': ['bun', 'server.mjs'] },
};
