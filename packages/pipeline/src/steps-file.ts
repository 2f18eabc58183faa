import type { StepTable } from './step-table.js';
import { anchorBoxesStep } from './steps/anchor-boxes.js';
import { argmaxStep } from './steps/argmax.js';
import { centerCropStep } from './steps/center-crop.js';
import { combineWindowsStep } from './steps/combine-windows.js';
import { cropBoxStep } from './steps/crop-box.js';
import { ctcGreedyStep } from './steps/ctc-greedy.js';
import { decideStep } from './steps/decide.js';
import { decodeAudioStep } from './steps/decode-audio.js';
import { decodeTextStep } from './steps/decode-text.js';
import { defaultsStep } from './steps/defaults.js';
import { embeddingStep } from './steps/embedding.js';
import { flipChannelOrderStep } from './steps/flip-channel-order.js';
import { frameStep } from './steps/frame.js';
import { l2NormalizeStep } from './steps/l2-normalize.js';
import { logMelStep } from './steps/log-mel.js';
import { maskStep } from './steps/mask.js';
import { mixDownStep } from './steps/mix-down.js';
import { objectsStep } from './steps/objects.js';
import { oneHotStep } from './steps/one-hot.js';
import { padStep } from './steps/pad.js';
import { poolStep } from './steps/pool.js';
import { readingOrderStep } from './steps/reading-order.js';
import { regressionStep } from './steps/regression.js';
import { resampleStep } from './steps/resample.js';
import { scaleStep } from './steps/scale.js';
import { segmentsStep } from './steps/segments.js';
import { sigmoidStep } from './steps/sigmoid.js';
import { suppressStep } from './steps/suppress.js';
import { temperatureStep } from './steps/temperature.js';
import { textBoxesStep } from './steps/text-boxes.js';
import { tokenizeStep } from './steps/tokenize.js';

const OTHERS = {
  preprocessing: [
    cropBoxStep,
    flipChannelOrderStep,
    centerCropStep,
    padStep,
    defaultsStep,
    oneHotStep,
    scaleStep,
    decodeAudioStep,
    mixDownStep,
    resampleStep,
    frameStep,
    logMelStep,
    decodeTextStep,
    tokenizeStep,
  ],
  postprocessing: [
    sigmoidStep,
    temperatureStep,
    decideStep,
    regressionStep,
    argmaxStep,
    maskStep,
    textBoxesStep,
    ctcGreedyStep,
    readingOrderStep,
    combineWindowsStep,
    segmentsStep,
    poolStep,
    l2NormalizeStep,
    embeddingStep,
    anchorBoxesStep,
    suppressStep,
    objectsStep,
  ],
} as const;

export type OtherSteps = typeof OTHERS;

/**
 * The steps that are not in every worker. The build makes `steps.js` of this file. What a worker has already is handed
 * to it: see `steps-file-parts.ts`.
 */
export const STEPS_FILE = OTHERS as unknown as StepTable;
