import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { root } from '../../scripts/root.mjs';
import { publishModels } from '../../scripts/stack.mjs';
import { findNodeTests } from '../atlas/find-node-tests.mjs';
import { packCorpus } from '../atlas/pack-corpus.mjs';
import { buildPage } from '../build-page.mjs';

const compress = promisify(gzip);

/** What static hosts take of one file, bytes. */
const MAX_FILE_BYTES = 25 * 2 ** 20;

/** The file that is asked for packed: `src/contenders/transformers.ts`. */
const PACKED = /asyncify[^/]*\.wasm$/;

/** Isolation, which threads need, as Cloudflare Pages and Netlify read it. */
const HEADERS = `/*
  Cross-Origin-Opener-Policy: same-origin
  Cross-Origin-Embedder-Policy: require-corp
  Cross-Origin-Resource-Policy: same-origin
/assets/*
  Cache-Control: public, max-age=31536000, immutable
`;

/**
 * Makes a folder that any static host can serve, in any path. The packages are built.
 *
 * @param {string} outDir
 * @param {{ nodeTests?: { folder: string, source: string } }} [options] by default the node tests of Debian's package; where
 *   there are none, the page is built without
 */
export async function buildBenchPage(outDir, { nodeTests } = {}) {
  await buildPage(import.meta.url, outDir, ['index', 'atlas'], './');
  await addNodeTests(outDir, nodeTests ?? (await findNodeTests()));
  await packRuntime(`${outDir}/assets`);
  await addSignedCopy(outDir);
  await addLicences(outDir);
  await writeFile(`${outDir}/_headers`, HEADERS);
  await requireSmallFiles(outDir);
}

/** The runtime of transformers.js is over the limit: the page unpacks it as it arrives. @param {string} folder of the built files */
export async function packRuntime(folder) {
  for (const name of await readdir(folder)) {
    if (!PACKED.test(name)) continue;
    const packed = await compress(await readFile(`${folder}/${name}`), { level: 9 });
    await writeFile(`${folder}/${name}.packed`, packed);
    await rm(`${folder}/${name}`);
  }
}

/** What the operator atlas runs: `src/atlas/corpus.ts`. */
async function addNodeTests(outDir, found) {
  if (found) await writeFile(`${outDir}/node-tests.packed`, await packCorpus(found));
}

/** The digits model, signed: its timestamp expires after 14 days, and its row says so then. */
async function addSignedCopy(outDir) {
  const dir = await mkdtemp(`${tmpdir()}/nearside-signed-`);
  try {
    const { repository, pin: trust } = await publishModels(dir, ['digits']);
    await cp(repository, `${outDir}/repository`, { recursive: true });
    const copy = { model: './repository/digits', trust };
    await writeFile(`${outDir}/verified.json`, JSON.stringify(copy));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** The page has other people's software in it, and says so. */
async function addLicences(outDir) {
  const texts = {
    'licence.txt': 'LICENSE',
    'third-party.txt': 'THIRD-PARTY-NOTICES',
    'runtimes.txt': 'licences/runtimes.txt',
    'jinja.txt': 'node_modules/@huggingface/jinja/LICENSE',
  };
  for (const [name, file] of Object.entries(texts))
    await cp(`${root}${file}`, `${outDir}/licences/${name}`);
}

async function requireSmallFiles(outDir) {
  for (const entry of await readdir(outDir, { recursive: true })) {
    const { size } = await stat(`${outDir}/${entry}`);
    if (size <= MAX_FILE_BYTES) continue;
    throw new Error(`${entry}: expected at most ${MAX_FILE_BYTES} bytes, got ${size}.`);
  }
}
