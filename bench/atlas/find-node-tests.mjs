import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { root } from '../../scripts/root.mjs';

const PACKAGE = 'libonnx-testdata';

/** Of the files that Debian's package installs. */
const FOLDER = 'usr/share/libonnx-testdata/data/node';

/** Where the package is unpacked that is not installed. */
const CACHE = `${root}.nearside/bench/${PACKAGE}`;

/**
 * The node tests of ONNX as Debian's package has them: installed, or downloaded and unpacked once, which needs no root.
 *
 * @returns {Promise<{ folder: string, source: string } | undefined>} undefined where there are none to be had, which
 *   standard error says
 */
export async function findNodeTests() {
  if (existsSync(`/${FOLDER}`)) return { folder: `/${FOLDER}`, source: installedSource() };
  const unpacked = (await unpackedSource()) ?? (await download());
  if (unpacked) return { folder: `${CACHE}/${unpacked}/${FOLDER}`, source: inWords(unpacked) };
  console.error(
    `No node tests of ONNX, so the page is built without the atlas. Debian has them: apt-get install ${PACKAGE}`,
  );
  return undefined;
}

function installedSource() {
  const { stdout } = spawnSync('dpkg-query', ['--status', PACKAGE]);
  const [, version = 'of an unknown version'] = /^Version: (.*)$/m.exec(`${stdout}`) ?? [];
  return inWords(version);
}

function inWords(version) {
  return `${PACKAGE} ${version}`;
}

/** @returns the version that lies in the cache; its folder is named after it */
async function unpackedSource() {
  const versions = existsSync(CACHE) ? await readdir(CACHE) : [];
  return versions.find((version) => existsSync(`${CACHE}/${version}/${FOLDER}`));
}

/** @returns {Promise<string | undefined>} the version */
async function download() {
  await mkdir(CACHE, { recursive: true });
  const dir = await mkdtemp(`${CACHE}/.new-`);
  try {
    if (!succeeds('apt-get', ['download', PACKAGE], dir)) return undefined;
    const archive = (await readdir(dir)).find((name) => name.endsWith('.deb'));
    if (!archive || !succeeds('dpkg-deb', ['-x', archive, 'files'], dir)) return undefined;
    const { stdout } = spawnSync('dpkg-deb', ['-f', archive, 'Version'], { cwd: dir });
    const version = `${stdout}`.trim();
    await rename(`${dir}/files`, `${CACHE}/${version}`);
    return version;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function succeeds(command, args, cwd) {
  return spawnSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'ignore'] }).status === 0;
}
