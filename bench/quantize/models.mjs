import { spawnSync } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { findPython } from '../../scripts/needs.mjs';
import { root } from '../../scripts/root.mjs';

/** Python's modules that a script needs. */
const MODULES = {
  'items.py': ['numpy', 'onnxruntime', 'PIL'],
  'by_python.py': ['numpy', 'onnx', 'onnxruntime', 'PIL', 'cv2', 'pyclipper'],
};

/** Runs a script of this folder. */
export function runPython(script, args) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const { status, stderr, error } = spawnSync(findPython(MODULES[script]), [path, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status === 0) return;
  const said = error ?? stderr.trim().split('\n').slice(-5).join('\n');
  throw new Error(`${script} failed: ${said}`);
}

/** A model of `models/` with its variant of floats alone, as it was before anybody made it small. */
export async function copyFloats(model, directory) {
  const { keepVariants, shipAll } = await import(
    '../../packages/publisher/dist/packing/edit-documents.js'
  );
  await cp(`${root}models/${model}`, directory, { recursive: true });
  await keepVariants(directory, new Set(['fp32']));
  await shipAll(directory);
  return directory;
}

/**
 * Adds variants to a model directory of OCR, and has their golden cases answered.
 *
 * @param {string} directory
 * @param {string} from where each has a folder with `detect.onnx` and `recognize.onnx`
 * @param {string[]} names
 */
export async function addVariants(directory, from, names) {
  const { fillGolden } = await import('@nearside/publisher');
  const spec = await readJson(`${directory}/model.json`);
  const variants = [...spec.variants];
  for (const name of names) {
    const stages = {};
    for (const stage of ['detect', 'recognize']) {
      const file = `${name}/${stage}/model.onnx`;
      await mkdir(`${directory}/${name}/${stage}`, { recursive: true });
      await cp(`${from}/${name}/${stage}.onnx`, `${directory}/${file}`);
      stages[stage] = { files: [file] };
    }
    variants.push({ name, runtime: 'onnx', dtype: 'fp32', stages });
  }
  await writeJson(`${directory}/model.json`, { ...spec, variants });
  await fillGolden({ directory });
}

/** What the files of a variant weigh as hosts send them. */
export async function gzipBytes(directory, variant) {
  const { variants } = await readJson(`${directory}/model.json`);
  const { files, stages } = variants.find(({ name }) => name === variant);
  const names = stages ? Object.values(stages).flatMap((stage) => stage.files) : files;
  const sizes = names.map(async (name) => {
    return gzipSync(await readFile(`${directory}/${name}`), { level: 9 }).length;
  });
  return (await Promise.all(sizes)).reduce((sum, bytes) => sum + bytes, 0);
}

/** The one file of a variant, or of one of its stages. */
export async function fileOf(directory, variant, stage) {
  const { variants } = await readJson(`${directory}/model.json`);
  const { files, stages } = variants.find(({ name }) => name === variant);
  return `${directory}/${(stages?.[stage].files ?? files)[0]}`;
}

async function readJson(path) {
  return JSON.parse(await readFile(path, 'utf8'));
}

function writeJson(path, value) {
  return writeFile(path, JSON.stringify(value));
}
