import type { Compile, Kind } from './step.js';
import { compileArgmax } from './steps/argmax.js';
import { compileCenterCrop } from './steps/center-crop.js';
import { compileCombineWindows } from './steps/combine-windows.js';
import { compileCropBox } from './steps/crop-box.js';
import { compileCtcGreedy } from './steps/ctc-greedy.js';
import { compileDecide } from './steps/decide.js';
import { compileDecodeAudio } from './steps/decode-audio.js';
import { compileDefaults } from './steps/defaults.js';
import { compileFlipChannelOrder } from './steps/flip-channel-order.js';
import { compileFrame } from './steps/frame.js';
import { compileLogMel } from './steps/log-mel.js';
import { compileMixDown } from './steps/mix-down.js';
import { compileOneHot } from './steps/one-hot.js';
import { compilePad } from './steps/pad.js';
import { compileReadingOrder } from './steps/reading-order.js';
import { compileRegression } from './steps/regression.js';
import { compileResample } from './steps/resample.js';
import { compileScale } from './steps/scale.js';
import { compileSegments } from './steps/segments.js';
import { compileSigmoid } from './steps/sigmoid.js';
import { compileTemperature } from './steps/temperature.js';
import { compileTextBoxes } from './steps/text-boxes.js';

/** Code of steps by their names; all else of a step is in the step table. */
export type StepsFile = Readonly<Record<string, Compile<Kind, Kind, object>>>;

/**
 * The code of the steps that are not in every worker. The build makes `steps.js` of this file. What a worker has
 * already is handed to it: see `steps-file-parts.ts`.
 */
export const STEPS_FILE = {
  'crop-box': compileCropBox,
  'flip-channel-order': compileFlipChannelOrder,
  'center-crop': compileCenterCrop,
  pad: compilePad,
  defaults: compileDefaults,
  'one-hot': compileOneHot,
  scale: compileScale,
  'decode-audio': compileDecodeAudio,
  'mix-down': compileMixDown,
  resample: compileResample,
  frame: compileFrame,
  'log-mel': compileLogMel,
  sigmoid: compileSigmoid,
  temperature: compileTemperature,
  decide: compileDecide,
  regression: compileRegression,
  argmax: compileArgmax,
  'text-boxes': compileTextBoxes,
  'ctc-greedy': compileCtcGreedy,
  'reading-order': compileReadingOrder,
  'combine-windows': compileCombineWindows,
  segments: compileSegments,
} as unknown as StepsFile;
