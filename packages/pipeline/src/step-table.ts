import type { Tensors } from '@nearside/core';
import type * as v from 'valibot';
import type { Kind, Step } from './step.js';
import { argmaxStep, type ClassMask } from './steps/argmax.js';
import { centerCropStep } from './steps/center-crop.js';
import { combineWindowsStep } from './steps/combine-windows.js';
import { cropBoxStep } from './steps/crop-box.js';
import { ctcGreedyStep } from './steps/ctc-greedy.js';
import { decideStep } from './steps/decide.js';
import { decodeAudioStep } from './steps/decode-audio.js';
import { decodeImageStep } from './steps/decode-image.js';
import { defaultsStep } from './steps/defaults.js';
import { flipChannelOrderStep } from './steps/flip-channel-order.js';
import { frameStep } from './steps/frame.js';
import { grayscaleStep } from './steps/grayscale.js';
import { logMelStep } from './steps/log-mel.js';
import { mixDownStep } from './steps/mix-down.js';
import { normalizeStep } from './steps/normalize.js';
import { oneHotStep } from './steps/one-hot.js';
import { padStep } from './steps/pad.js';
import { readingOrderStep } from './steps/reading-order.js';
import { type RegressionValue, regressionStep } from './steps/regression.js';
import { resampleStep } from './steps/resample.js';
import { rescaleStep } from './steps/rescale.js';
import { resizeStep } from './steps/resize.js';
import { scaleStep } from './steps/scale.js';
import { type FoundSound, segmentsStep } from './steps/segments.js';
import { sigmoidStep } from './steps/sigmoid.js';
import { softmaxStep } from './steps/softmax.js';
import { temperatureStep } from './steps/temperature.js';
import { textBoxesStep } from './steps/text-boxes.js';
import { toTensorStep } from './steps/to-tensor.js';
import { type LabelScore, topKStep } from './steps/top-k.js';
import type { TextLine } from './text/reading-order.js';

/** A spec may name these under `preprocessing`. */
const PREPROCESSING = [
  decodeImageStep,
  cropBoxStep,
  grayscaleStep,
  flipChannelOrderStep,
  resizeStep,
  centerCropStep,
  padStep,
  rescaleStep,
  normalizeStep,
  toTensorStep,
  defaultsStep,
  oneHotStep,
  scaleStep,
  decodeAudioStep,
  mixDownStep,
  resampleStep,
  frameStep,
  logMelStep,
] as const;

/** A spec may name these under `postprocessing`. */
const POSTPROCESSING = [
  softmaxStep,
  sigmoidStep,
  temperatureStep,
  topKStep,
  decideStep,
  regressionStep,
  argmaxStep,
  textBoxesStep,
  ctcGreedyStep,
  readingOrderStep,
  combineWindowsStep,
  segmentsStep,
] as const;

export type Part = 'preprocessing' | 'postprocessing';

/** A step of either part that knows its own types alone. */
export type AnyStep = Step<Kind, Kind, object>;

export const STEPS: Readonly<Record<Part, readonly AnyStep[]>> = {
  preprocessing: PREPROCESSING as readonly unknown[] as readonly AnyStep[],
  postprocessing: POSTPROCESSING as readonly unknown[] as readonly AnyStep[],
};

type Named<S> = S extends {
  readonly name: infer Name;
  readonly parameters: v.GenericSchema<unknown, infer Parameters>;
}
  ? { readonly step: Name } & Parameters
  : never;

/** A step as `model.json` has it. */
export type PreprocessingStep = Named<(typeof PREPROCESSING)[number]>;
export type PostprocessingStep = Named<(typeof POSTPROCESSING)[number]>;

/**
 * The caller gets labels by score for a classifier, values for a regression, what was found in sound, lines in
 * reading order for OCR, a mask of classes, the tensors where no step is named.
 */
export type Output =
  | readonly LabelScore[]
  | readonly RegressionValue[]
  | FoundSound
  | readonly TextLine[]
  | ClassMask
  | { readonly tensors: Tensors };
