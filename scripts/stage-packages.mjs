// Makes of each package a folder that is ready to pack and publish.
// `node scripts/stage-packages.mjs [--out folder] [--release [--tag v1.2.3]] [core collector …]`: all packages, or those that are
// named. They must be built. With --release it refuses what lacks a field that a published package has to have, and a tag of
// another version.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeLlmsTexts } from './llms-texts.mjs';
import { ownFolder } from './own-folder.mjs';
import { PACKAGES, readPublishing } from './publishing.mjs';
import { root } from './root.mjs';
import { sealModels } from './seal-models.mjs';
import { withLinksOutside } from './staging/links.mjs';
import { FROM_REPOSITORY, stageManifest } from './staging/manifest.mjs';
import { noticesFor } from './staging/notices.mjs';
import { stageTypes } from './staging/types.mjs';

/** Maps lead to sources, which are not published; the rest is what the compiler keeps for itself. */
const LEFT_OUT = /\.map$|\.tsbuildinfo$|(?:^|\/)\.[^/]*$/;

/**
 * @param {string} out a folder, made anew
 * @param {readonly string[]} [names] folders of `packages/`
 * @returns {Promise<{ name: string, version: string, dir: string }[]>} in the order of `names`
 */
export async function stagePackages(out, names = PACKAGES) {
  await rm(out, { recursive: true, force: true });
  const publishing = await readPublishing();
  const staged = [];
  for (const each of names) staged.push(await stagePackage(each, join(out, each), publishing));
  return staged;
}

/**
 * Stages packages and packs them as `npm publish` does.
 *
 * @param {string} out a folder, which gets the staged packages too
 * @param {readonly string[]} [names]
 * @returns {Promise<Record<string, string>>} the paths of the tarballs by the packages' names
 */
export async function packPackages(out, names = PACKAGES) {
  const staged = await stagePackages(join(out, 'staged'), names);
  const folders = staged.map(({ dir }) => dir);
  const { status, stderr } = spawnSync('npm', ['pack', '--pack-destination', out, ...folders], {
    cwd: out,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`npm pack failed:\n${stderr}`);
  return Object.fromEntries(
    staged.map(({ name, version }) => {
      const file = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
      return [name, join(out, file)];
    }),
  );
}

async function stagePackage(folder, dir, publishing) {
  const directory = `packages/${folder}`;
  const from = join(root, directory);
  const manifest = JSON.parse(await readFile(join(from, 'package.json'), 'utf8'));
  for (const entry of manifest.files) {
    if (!entry.startsWith('!')) await copyEntry(from, dir, entry);
  }
  if (folder === 'models') await sealModels(dir, manifest);
  const staged = stageManifest(manifest, { directory, publishing });
  staged.exports = await stageTypes(dir, staged.exports);
  requireFiles(staged, dir);
  await writeFile(join(dir, 'package.json'), `${JSON.stringify(staged, undefined, 2)}\n`);
  await cp(join(root, 'LICENSE'), join(dir, 'LICENSE'));
  const notices = await noticesFor(staged.name);
  if (notices) await writeFile(join(dir, 'THIRD-PARTY-NOTICES'), notices);
  if (staged.name === 'nearside') await writeLlmsTexts(dir);
  const readme = await readFile(join(from, 'README.md'), 'utf8');
  const { repository } = publishing;
  const text = withLinksOutside(readme, { directory, repository });
  await writeFile(join(dir, 'README.md'), `${text}\nInstalled, ${await sizeOf(dir)}.\n`);
  return { name: staged.name, version: staged.version, dir };
}

/** Of a file, a folder, or the files of a folder that end alike (`python/*.py`). */
async function copyEntry(from, to, entry) {
  const [folder, ending] = entry.split('*');
  if (!existsSync(join(from, folder))) {
    throw new Error(`${from}: expected ${folder}, got no such file. Run node scripts/build.mjs.`);
  }
  const isFolder = (await stat(join(from, folder))).isDirectory();
  const inFolder = isFolder ? await readdir(join(from, folder), { recursive: true }) : [''];
  for (const name of inFolder) {
    const path = join(folder, name);
    if (LEFT_OUT.test(name) || name.split('/').some((part) => part.startsWith('.'))) continue;
    if (ending && (!name.endsWith(ending) || name.includes('/'))) continue;
    if ((await stat(join(from, path))).isFile()) await copyFile(join(from, path), join(to, path));
  }
}

async function copyFile(from, to) {
  await mkdir(dirname(to), { recursive: true });
  if (!existsSync(`${from}.map`)) return cp(from, to);
  const text = await readFile(from, 'utf8');
  await writeFile(to, text.replace(/\n\/\/# sourceMappingURL=.*\n?$/, '\n'));
}

/** What its package.json names has to be there. */
function requireFiles(manifest, dir) {
  const { main, unpkg, jsdelivr, exports, imports, bin } = manifest;
  const named = [main, unpkg, jsdelivr, exports, imports, bin].flatMap(filesIn);
  const missing = named.filter((file) => file !== './package.json' && !existsSync(join(dir, file)));
  if (missing.length > 0) {
    throw new Error(`${manifest.name}: expected ${missing.join(', ')}, got no such file.`);
  }
}

/** As the README says it: what is staged so far. */
async function sizeOf(dir) {
  const names = await readdir(dir, { recursive: true });
  const stats = await Promise.all(names.map((name) => stat(join(dir, name))));
  const sizes = stats.filter((found) => found.isFile()).map(({ size }) => size);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const size = bytes < 1e6 ? `${Math.ceil(bytes / 1000)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
  return `this package has ${size} in ${sizes.length} files, without what it depends on`;
}

function filesIn(value) {
  if (typeof value === 'string') return [value];
  return Object.values(value ?? {}).flatMap(filesIn);
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      out: { type: 'string', default: join(root, '.nearside/packages') },
      release: { type: 'boolean', default: false },
      tag: { type: 'string' },
    },
  });
  const { repository } = await readPublishing();
  if (!repository) {
    console.error(
      `Missing: ${FROM_REPOSITORY.join(', ')}. Set publishing.repository in package.json, or NEARSIDE_REPOSITORY, to the ` +
        "address of the repository's site, without a slash at its end. Until then links of the READMEs to the repository are plain text.",
    );
    if (values.release) {
      console.error('Nothing is staged for a release without them.');
      process.exit(1);
    }
  }
  const { version } = JSON.parse(
    await readFile(join(root, 'packages/nearside/package.json'), 'utf8'),
  );
  if (values.tag !== undefined && values.tag !== `v${version}`) {
    console.error(`Expected the tag v${version}, as package.json says; got ${values.tag}.`);
    process.exit(1);
  }
  const names = positionals.length > 0 ? positionals : PACKAGES;
  for (const { name, version, dir } of await stagePackages(ownFolder(values.out), names)) {
    console.log(`${name} ${version}  ${dir}`);
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) await main();
