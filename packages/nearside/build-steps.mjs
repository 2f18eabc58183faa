// Builds dist/assets/steps.js: the steps that few models name, and what opens unsigned files, in one expression without
// imports. It leaves a function under this build's name, and the worker that loads it hands that function what both need.
// So it can be imported, and appended to the text of a worker that is started from a Blob.
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const PARTS = ['../pipeline/src/steps-file-parts.ts', 'src/worker/second-file-parts.ts'].map(here);

const ENTRY = here('src/worker/steps.ts');

/** No file is there: this is what workers are given. */
const entry = {
  name: 'entry',
  resolveId: (id) => (id === ENTRY ? id : null),
  load: (id) =>
    id === ENTRY
      ? `export { STEPS_FILE as steps } from '@nearside/pipeline';
         export { openUnsignedVersion } from './unsigned-version.ts';`
      : null,
};

/**
 * @param {string} version of the library, as the worker has it
 * @returns {Promise<Pick<import('rolldown').OutputChunk, 'code' | 'modules'>>}
 */
export async function buildSteps(version) {
  const build = await rolldown({
    input: ENTRY,
    platform: 'browser',
    plugins: [entry, await partsAsGiven()],
    resolve: { conditionNames: ['@nearside/source', 'module', 'browser', 'import', 'default'] },
  });
  const { output } = await build.generate({
    format: 'iife',
    name: 'made',
    exports: 'named',
    minify: true,
  });
  await build.close();
  const [{ code, modules }] = output;
  const name = JSON.stringify(`nearside.steps.${version}`);
  const expression = `globalThis[Symbol.for(${name})]=parts=>{${code.trim()}return made}`;
  return { code: `;${expression};\n`, modules };
}

/**
 * What the files of parts export comes from the function's parameter. All else of the same modules is bundled.
 */
async function partsAsGiven() {
  const namesOf = new Map();
  for (const file of PARTS) {
    const exports = (await readFile(file, 'utf8')).matchAll(
      /^export \{([^}]+)\} from '([^']+)';$/gm,
    );
    for (const [, names, source] of exports) {
      const from = sourceFile(source, file);
      namesOf.set(from, [...(namesOf.get(from) ?? []), names.trim().replace(/,$/, '')]);
    }
  }
  return {
    name: 'parts-as-given',
    async resolveId(source, importer) {
      if (!importer) return null;
      if (importer.startsWith(GIVEN)) return this.resolve(source, PARTS[0], { skipSelf: true });
      const file = sourceFile(source, importer);
      return namesOf.has(file) ? `${GIVEN}${file}` : null;
    },
    load(id) {
      const file = id.startsWith(GIVEN) && id.slice(GIVEN.length);
      return file ? `export const {${namesOf.get(file)}} = parts; export * from '${file}';` : null;
    },
  };
}

/** Begins the id of a module of which a part is given. */
const GIVEN = '\0given:';

/** A package stays as it is named. */
function sourceFile(source, importer) {
  return source.startsWith('.')
    ? resolve(dirname(importer), source.replace(/\.js$/, '.ts'))
    : source;
}
