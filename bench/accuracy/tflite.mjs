import { spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startLiteRt } from '../../scripts/lite-rt.mjs';
import { findPython } from '../../scripts/needs.mjs';
import { root } from '../../scripts/root.mjs';
import { row } from '../row.mjs';

const PHOTOS = ['astronaut', 'coffee', 'chelsea', 'motorcycle', 'rocket'];

const PEOPLE = import.meta.resolve('@mediapipe/selfie_segmentation/selfie_segmentation.tflite');

/** The published files: their bytes, the width and height of their pictures, and what 0 and 255 become. */
const FILES = {
  faces: {
    address: import.meta.resolve('@mediapipe/face_detection/face_detection_short_range.tflite'),
    size: 128,
    span: [-1, 1],
  },
  things: {
    address: import.meta.resolve('@mediapipe/objectron/objectron_solution_packed_assets.data'),
    range: [184, 9_987_912],
    size: 300,
    span: [-1, 1],
  },
  people: { address: PEOPLE, size: 256, span: [0, 1] },
};

/** Largest difference of any number that a model gives. */
const MAX_DIFFERENCE = 1e-3;
/** MediaPipe computes on a GPU, and its masks have 8 bits. */
const MIN_OVERLAP = 0.99;

/** Python's modules, that `photos.py` imports. */
export const MODULES = ['PIL', 'skimage'];

/**
 * Runs published `.tflite` files in LiteRT.js, and the ONNX files that are made of them in the library; and of people also
 * the runtime of MediaPipe, from the package of the file.
 *
 * @returns {Promise<object[]>} rows
 */
export async function measureTflite({ dir, page }) {
  await mkdir(dir, { recursive: true });
  writePhotos(dir);
  const judge = await startLiteRt();
  const rows = [];
  for (const [name, file] of Object.entries(FILES)) {
    const asked = await writeFiles(dir, name, file);
    const judged = [];
    for (const data of asked.data) judged.push(byName(await judge.run(asked.tflite, [data])));
    for (const [engine, ask] of Object.entries({ node: askNode, chromium: askChromium })) {
      const answers = await ask(asked, { dir, page });
      rows.push(differenceRow({ name, engine }, answers, judged));
      if (name === 'people' && engine === 'chromium') {
        rows.push(overlapRow(answers, await askMediaPipe(asked, { dir, page })));
      }
    }
  }
  return rows;
}

function writePhotos(dir) {
  const sizes = Object.values(FILES).map(({ size }) => `${size}`);
  const script = `${root}bench/accuracy/photos.py`;
  const { status, stderr, error } = spawnSync(findPython(MODULES), [script, dir, ...sizes], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${script} failed: ${error ?? stderr}`);
}

/** Writes what a page fetches: the ONNX file, and for each photo the numbers that the model takes. */
async function writeFiles(dir, name, { address, range = [], size, span }) {
  const { convertTflite } = await import(
    '../../packages/publisher/dist/converting/convert-tflite.js'
  );
  const { parseOnnxFile } = await import('../../packages/publisher/dist/packing/onnx-file.js');
  const tflite = (await readFile(new URL(address))).subarray(...range);
  const onnx = convertTflite(tflite);
  const [input] = parseOnnxFile(onnx).inputs;
  await writeFile(`${dir}/${name}.onnx`, onnx);
  const [data, inputs] = [[], []];
  for (const photo of PHOTOS) {
    const bytes = await readFile(`${dir}/${photo}-${size}.rgb`);
    const numbers = Float32Array.from(
      bytes,
      (byte) => span[0] + (byte / 255) * (span[1] - span[0]),
    );
    await writeFile(`${dir}/${photo}-${name}.floats`, numbers);
    data.push(numbers);
    inputs.push(`${photo}-${name}.floats`);
  }
  return {
    tflite,
    onnx,
    file: `${name}.onnx`,
    size,
    name: input.name,
    shape: input.shape,
    data,
    inputs,
  };
}

function byName(outputs) {
  return Object.fromEntries(outputs.map(({ name, data }) => [name, data]));
}

async function askNode({ onnx, name, shape, data }) {
  const { openUnsigned } = await import('../../packages/nearside/dist/index.js');
  const model = await openUnsigned(onnx, undefined, { backend: 'onnx-wasm' });
  const answers = [];
  for (const numbers of data) {
    const { output } = await model.run({
      tensors: { [name]: { datatype: 'FP32', shape, data: numbers } },
    });
    const tensors = Object.entries(output.tensors).map(([key, tensor]) => [key, tensor.data]);
    answers.push(Object.fromEntries(tensors));
  }
  await model.close();
  return answers;
}

async function askChromium({ file, name, shape, inputs }, { dir, page }) {
  const opened = await page.openPage({ items: dir });
  const answers = await opened.evaluate(
    ([from, what]) => globalThis.askTensors(from, what),
    [file, { name, shape, inputs }],
  );
  await opened.close();
  return answers;
}

async function askMediaPipe({ size }, { dir, page }) {
  const opened = await page.openPage({ items: dir, mediapipe: dirname(fileURLToPath(PEOPLE)) });
  const pictures = PHOTOS.map((photo) => `${photo}-${size}.rgb`);
  const masks = await opened.evaluate(
    ([all, of]) => globalThis.askMediaPipe(all, of),
    [pictures, size],
  );
  await opened.close();
  return masks;
}

function differenceRow({ name, engine }, answers, judged) {
  const differences = judged.map((outputs, i) =>
    Math.max(...Object.entries(outputs).map(([key, data]) => largest(data, answers[i][key]))),
  );
  const value = Math.max(...differences);
  const near = differences.filter((difference) => difference <= MAX_DIFFERENCE);
  const where = { model: 'tflite', variant: name, backend: 'onnx-wasm', engine };
  return {
    ...row(`tflite/${name}/onnx-wasm/${engine}/largest-difference`, {
      value,
      unit: '',
      atMost: MAX_DIFFERENCE,
    }),
    ...where,
    metric: 'largest-difference',
    n: differences.length,
    reference: 0,
    agreement: near.length / differences.length,
  };
}

/** A number that is missing, or none, differs without end. */
function largest(expected, got) {
  if (got?.length !== expected.length) return Number.POSITIVE_INFINITY;
  const differences = Array.from(expected, (number, i) => Math.abs(number - got[i]));
  const most = differences.reduce((a, b) => Math.max(a, b), 0);
  return Number.isNaN(most) ? Number.POSITIVE_INFINITY : most;
}

/** Pixels that both take for people, of those that either does, in all photos. */
function overlapRow(answers, masks) {
  const ours = answers.map((outputs) => Object.values(outputs)[0]);
  let [both, either, same] = [0, 0, 0];
  for (const [i, mask] of masks.entries()) {
    const pairs = mask.map((level, j) => [level > 127, ours[i][j] > 0.5]);
    both += pairs.filter(([a, b]) => a && b).length;
    either += pairs.filter(([a, b]) => a || b).length;
    same += pairs.filter(([a, b]) => a === b).length / pairs.length;
  }
  const where = { model: 'tflite', variant: 'people', backend: 'onnx-wasm', engine: 'chromium' };
  return {
    ...row('tflite/people/onnx-wasm/chromium/overlap-with-mediapipe', {
      value: both / either,
      unit: '',
      atLeast: MIN_OVERLAP,
    }),
    ...where,
    metric: 'overlap-with-mediapipe',
    n: masks.length,
    reference: 1,
    agreement: same / masks.length,
  };
}
