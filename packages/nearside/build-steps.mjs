// Builds dist/assets/steps.js: the code of steps that few models name, in one expression without imports. It leaves a
// function under this build's name, and the worker that loads it hands that function what both need. So it can be
// imported, and appended to the text of a worker that is started from a Blob.
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const PIPELINE = fileURLToPath(new URL('../pipeline/src', import.meta.url));
const PARTS = `${PIPELINE}/steps-file-parts.ts`;

/**
 * @param {string} version of the library, as the worker has it
 * @returns {Promise<Pick<import('rolldown').OutputChunk, 'code' | 'modules'>>}
 */
export async function buildSteps(version) {
  const build = await rolldown({
    input: `${PIPELINE}/steps-file.ts`,
    platform: 'browser',
    plugins: [await partsAsGiven()],
    // The definitions of steps, and their schemas, are in the worker.
    treeshake: { manualPureFunctions: ['defineStep'] },
    resolve: { conditionNames: ['@nearside/source', 'module', 'browser', 'import', 'default'] },
  });
  const { output } = await build.generate({ format: 'iife', name: 'made', minify: true });
  await build.close();
  const [{ code, modules }] = output;
  const name = JSON.stringify(`nearside.steps.${version}`);
  const expression = `globalThis[Symbol.for(${name})]=parts=>{${code.trim()}return made.STEPS_FILE}`;
  return { code: `;${expression};\n`, modules };
}

/** Whatever the modules of `steps-file-parts.ts` export comes from the function's parameter. */
async function partsAsGiven() {
  const text = await readFile(PARTS, 'utf8');
  const exports = [...text.matchAll(/^export \{([^}]+)\} from '([^']+)';$/gm)];
  const names = exports.flatMap(([, names]) => names.split(','));
  const modules = new Set(exports.map(([, , source]) => sourceFile(source, PARTS)));
  return {
    name: 'parts-as-given',
    resolveId: (source, importer) =>
      importer && modules.has(sourceFile(source, importer)) ? '\0parts' : null,
    load: (id) => (id === '\0parts' ? `export const { ${names.join()} } = parts;` : null),
  };
}

/** A package stays as it is named. */
function sourceFile(source, importer) {
  return source.startsWith('.')
    ? resolve(dirname(importer), source.replace(/\.js$/, '.ts'))
    : source;
}
