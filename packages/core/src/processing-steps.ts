import * as v from 'valibot';

/**
 * The steps a spec may name between raw input and tensors. Parameters keep the names Hugging
 * Face's `preprocessor_config.json` uses, so that one can be imported.
 */

const SideSchema = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(16384));
const ChannelValuesSchema = v.pipe(v.array(v.number()), v.minLength(1), v.maxLength(4));

/** Pillow's resampling filters by their integer: 0 nearest, 1 Lanczos, 2 bilinear, 3 bicubic. */
export const RESAMPLE_FILTERS = [0, 1, 2, 3] as const;
export type ResampleFilter = (typeof RESAMPLE_FILTERS)[number];

export const PreprocessingStepSchema = v.variant('step', [
  /** Blob, canvas, bitmap … → 8-bit RGB, orientation applied, transparency over black. */
  v.strictObject({ step: v.literal('decode-image') }),
  /** RGB → one channel, ITU-R 601-2 luma as Pillow computes `convert('L')`. */
  v.strictObject({ step: v.literal('grayscale') }),
  /** To exactly `size`, with antialiasing, as Pillow's `Image.resize`. */
  v.strictObject({
    step: v.literal('resize'),
    size: v.strictObject({ height: SideSchema, width: SideSchema }),
    resample: v.picklist(RESAMPLE_FILTERS),
  }),
  /** value × rescale_factor */
  v.strictObject({ step: v.literal('rescale'), rescale_factor: v.number() }),
  /** (value − image_mean[c]) / image_std[c] */
  v.strictObject({
    step: v.literal('normalize'),
    image_mean: ChannelValuesSchema,
    image_std: ChannelValuesSchema,
  }),
  /** Height × width × channels → a tensor with a batch axis of 1. */
  v.strictObject({ step: v.literal('to-tensor'), layout: v.picklist(['NCHW', 'NHWC']) }),
]);

export const PostprocessingStepSchema = v.variant('step', [
  /** Logits → probabilities along the last axis. */
  v.strictObject({ step: v.literal('softmax') }),
  /** The `top_k` largest scores with their labels, sorted. */
  v.strictObject({
    step: v.literal('top-k'),
    top_k: v.pipe(v.number(), v.integer(), v.minValue(1)),
    id2label: v.record(v.pipe(v.string(), v.regex(/^\d+$/)), v.string()),
  }),
]);

export type PreprocessingStep = v.InferOutput<typeof PreprocessingStepSchema>;
export type PostprocessingStep = v.InferOutput<typeof PostprocessingStepSchema>;
