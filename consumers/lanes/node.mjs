import { edgeProgram, edgeServer } from '../edge-server.mjs';
import { program } from '../page.mjs';

/** The Node that runs this: `require` of a module is from 20.19. @type {import('../lane.mjs').Lane} */
export const node = {
  name: 'node',
  files: {
    'import.mjs': program("import { open } from 'nearside';"),
    'require.cjs': program("const { open } = require('nearside');"),
    ...edgeServer,
    'server.mjs': edgeProgram,
  },
  programs: {
    import: [process.execPath, 'import.mjs'],
    require: [process.execPath, 'require.cjs'],
    'examples/edge-server': [process.execPath, 'server.mjs'],
  },
};
