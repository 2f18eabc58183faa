import type { Kind, Step } from './step.js';
import { decodeImageStep } from './steps/decode-image.js';
import { grayscaleStep } from './steps/grayscale.js';
import { normalizeStep } from './steps/normalize.js';
import { rescaleStep } from './steps/rescale.js';
import { resizeStep } from './steps/resize.js';
import { softmaxStep } from './steps/softmax.js';
import { toTensorStep } from './steps/to-tensor.js';
import { topKStep } from './steps/top-k.js';

export type Part = 'preprocessing' | 'postprocessing';

/** A step of either part that knows its own types alone. */
export type AnyStep = Step<Kind, Kind, object>;

/** Steps by the part of a spec that may name them. */
export type StepTable = Readonly<Record<Part, readonly AnyStep[]>>;

const FIRST = {
  preprocessing: [
    decodeImageStep,
    grayscaleStep,
    resizeStep,
    rescaleStep,
    normalizeStep,
    toTensorStep,
  ],
  postprocessing: [softmaxStep, topKStep],
} as const;

export type FirstSteps = typeof FIRST;

/** Every library that reads format 1 has these, and every worker. */
export const FIRST_STEPS = FIRST as unknown as StepTable;

/** Names of the steps in `steps.js`. What is neither here nor above is refused before anything is fetched. */
export const OTHER_STEPS: Readonly<Record<Part, readonly string[]>> = {
  preprocessing: [
    'crop-box',
    'flip-channel-order',
    'center-crop',
    'pad',
    'defaults',
    'one-hot',
    'scale',
    'decode-audio',
    'mix-down',
    'resample',
    'frame',
    'log-mel',
    'decode-text',
    'tokenize',
  ],
  postprocessing: [
    'sigmoid',
    'temperature',
    'decide',
    'regression',
    'argmax',
    'mask',
    'text-boxes',
    'ctc-greedy',
    'reading-order',
    'combine-windows',
    'segments',
    'pool',
    'l2-normalize',
    'embedding',
    'anchor-boxes',
    'suppress',
    'objects',
  ],
};
