import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { rolldown } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';

/** Where the types are for compilers before 5.7, which know no type parameter of `Uint8Array` and others. */
const OLDER = 'dist/types-before-5.7/';
const OLDER_CONDITION = 'types@<5.7';

/** Comments of the bundler: which file a part is from. */
const ORIGINS = /^\/\/(?:#(?:end)?region.*| dist\/.*\.d\.ts)\n/gm;

const DISPOSABLE = '/// <reference lib="esnext.disposable" />\n';

/**
 * Replaces a staged package's types by what can be reached from its exports. All else that the compiler has written
 * would be checked by everybody who does not set `skipLibCheck`, and needs a page's types and those of Node.
 *
 * @param {string} dir of the staged package, whose `package.json` is not written yet
 * @param {object} exports of its package.json
 * @returns {Promise<object>} exports that lead older compilers to types that they can read
 */
export async function stageTypes(dir, exports) {
  const entries = Object.values(exports).flatMap(({ types }) => types ?? []);
  const texts = await bundleTypes(dir, entries);
  for (const name of await readdir(dir, { recursive: true })) {
    if (name.endsWith('.d.ts')) await rm(join(dir, name));
  }
  for (const [name, text] of texts) await writeText(join(dir, 'dist', name), text);
  const older = new Map([...texts].map(([name, text]) => [name, forOlderCompilers(text)]));
  if ([...texts].every(([name, text]) => older.get(name) === text)) return exports;
  for (const [name, text] of older) await writeText(join(dir, OLDER, name), text);
  return Object.fromEntries(
    Object.entries(exports).map(([path, target]) => [path, withOlder(target)]),
  );
}

/** @returns the text of each file by its name in `dist` */
async function bundleTypes(dir, entries) {
  const names = entries.map((types) => types.replace('./dist/', '').replace('.d.ts', ''));
  const bundle = await rolldown({
    input: Object.fromEntries(names.map((name) => [name, join(dir, 'dist', `${name}.d.ts`)])),
    external: (id) => !id.startsWith('.') && !isAbsolute(id),
    plugins: [dts({ dtsInput: true, tsconfig: false })],
  });
  const { output } = await bundle.generate({ format: 'es', chunkFileNames: 'types/[name].js' });
  await bundle.close();
  return new Map(output.map(({ fileName, code }) => [fileName, completed(code)]));
}

function completed(code) {
  const text = `${code.replace(ORIGINS, '').trim()}\n`;
  return /\b(?:Async)?Disposable\b|Symbol\.(?:asyncD|d)ispose/.test(text)
    ? DISPOSABLE + text
    : text;
}

/** Type parameters left out that came with TypeScript 5.6 and 5.7. */
function forOlderCompilers(text) {
  return text
    .replace(/\b([A-Z]\w*Array|ArrayBufferView)<ArrayBuffer(?:Like)?>/g, '$1')
    .replace(/\b(AsyncIterableIterator<\w+), (?:void|undefined), undefined>/g, '$1>');
}

function withOlder(target) {
  if (!target.types) return target;
  const types = target.types.replace('./dist/', `./${OLDER}`);
  return { [OLDER_CONDITION]: types, ...target };
}

async function writeText(file, text) {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}
