export {
  type Output,
  type PostprocessingStep,
  type PreprocessingStep,
  STEPS,
} from './all-steps.js';
export { decodeAudio } from './audio/decode-audio.js';
export type { ScoredWindow, Segment } from './audio/find-segments.js';
export { type AudioInput, type RawSound, SOUND_LIMITS, type Sound } from './audio/sound.js';
export { joinBatch, splitBatch } from './batch.js';
export { CAPABILITIES, requiredCapabilities } from './capabilities.js';
export type { Finished, Flow, InputOptions, Prepared } from './flow.js';
export type { FoundBox, FoundObject, FoundText, Point } from './found.js';
export {
  DECODE_DEFAULTS,
  decodeImage,
  type ImageInput,
  type RgbaPixels,
} from './image/decode-image.js';
export type { Image } from './image/image.js';
export { readImageFileSize } from './image/image-file-size.js';
export type { ResampleFilter } from './image/resampling-windows.js';
export { resize } from './image/resize.js';
export type { Mask } from './mask.js';
export {
  type CompileOptions,
  checkPipeline,
  compilePipeline,
  needsStepsFile,
  type Pipeline,
  type PipelineSpec,
} from './pipeline.js';
export type { StepTable } from './step-table.js';
export type { TextInput } from './steps/decode-text.js';
export { grayscale } from './steps/grayscale.js';
export { normalize } from './steps/normalize.js';
export type { RegressionValue } from './steps/regression.js';
export { rescale } from './steps/rescale.js';
export type { FoundSound } from './steps/segments.js';
export { softmax } from './steps/softmax.js';
export { type ImageLayout, toTensor } from './steps/to-tensor.js';
export { type LabelScore, topK } from './steps/top-k.js';
export { STEPS_FILE } from './steps-file.js';
export * as STEPS_FILE_PARTS from './steps-file-parts.js';
export type { TextLine } from './text/reading-order.js';
export { roleOfInput } from './tokens/input-roles.js';
