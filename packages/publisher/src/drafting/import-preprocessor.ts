import { parse, type TensorSpec } from '@nearside/core';
import type { PreprocessingStep, ResampleFilter } from '@nearside/pipeline';
import * as v from 'valibot';
import { modelInvalid } from '../errors/model-invalid.js';
import { type ImageInput, type ImageSize, imageInput, shapeOf, sizeOf } from './image-input.js';

const FlagSchema = v.optional(v.nullable(v.boolean()));
const SizeSchema = v.union([v.number(), v.record(v.string(), v.nullable(v.number()))]);

/** https://huggingface.co/docs/transformers/main_classes/image_processor */
const PreprocessorSchema = v.looseObject({
  image_processor_type: v.optional(v.string()),
  feature_extractor_type: v.optional(v.string()),
  do_convert_rgb: FlagSchema,
  do_grayscale: FlagSchema,
  do_resize: FlagSchema,
  size: v.optional(v.nullable(SizeSchema)),
  resample: v.optional(v.number()),
  do_center_crop: FlagSchema,
  crop_size: v.optional(v.nullable(SizeSchema)),
  do_rescale: FlagSchema,
  rescale_factor: v.optional(v.number()),
  do_normalize: FlagSchema,
  image_mean: v.optional(v.nullable(v.array(v.number()))),
  image_std: v.optional(v.nullable(v.array(v.number()))),
});

type Preprocessor = v.InferOutput<typeof PreprocessorSchema>;

/** For these processors a `size` of one number means both sides. For others it is the shortest edge. */
const SQUARE_SIZE = /^(?:ViT|DeiT|Beit|Swin2SR|Donut)(?:ImageProcessor|FeatureExtractor)(?:Fast)?$/;

const KNOWN_FLAGS = new Set([
  'do_convert_rgb',
  'do_grayscale',
  'do_resize',
  'do_center_crop',
  'do_rescale',
  'do_normalize',
  'do_reduce_labels', // about the labels of training
]);

/**
 * Turns preprocessor_config.json into steps that compute the same, for a model that takes one image. Fields that are
 * left out have the defaults of Hugging Face's image processors where these agree.
 *
 * @param input input of the graph; its axes tell where the channels are, and whether there is only one
 * @returns the steps, and the input's shape with the height and width they give
 * @throws NearsideError `model-invalid`, naming the field that no step can do
 */
export function importPreprocessor(
  config: unknown,
  input: TensorSpec,
): { steps: PreprocessingStep[]; shape: number[] } {
  const preprocessor = parse(PreprocessorSchema, config, {
    code: 'model-invalid',
    what: 'preprocessor_config.json',
  });
  refuseUnknown(preprocessor);
  const image = imageInput(input);
  const { layout, channels } = image;
  const size = resizeTo(preprocessor);
  refuseCrop(preprocessor, size);
  const steps: PreprocessingStep[] = [
    { step: 'decode-image' },
    ...(channels === 1 ? [{ step: 'grayscale' } as const] : []),
    { step: 'resize', size, resample: resampleOf(preprocessor) },
    ...rescaleStep(preprocessor),
    ...normalizeStep(preprocessor, channels),
    { step: 'to-tensor', layout },
  ];
  requireSize(image, size);
  return { steps, shape: shapeOf(image, size) };
}

function refuseUnknown(preprocessor: Preprocessor): void {
  for (const [field, value] of Object.entries(preprocessor)) {
    const asked = field.startsWith('do_') && value !== false && value !== null;
    if (asked && !KNOWN_FLAGS.has(field)) throw noStep(field, 'false', value);
  }
}

function resizeTo(preprocessor: Preprocessor): ImageSize {
  if (preprocessor.do_resize === false) throw noStep('do_resize', 'true', false);
  const size = readSize(preprocessor, preprocessor.size);
  if (size) return size;
  const got = JSON.stringify(preprocessor.size ?? null);
  throw noStep('size', 'a height and a width, because images are resized to exactly that', got);
}

function readSize(preprocessor: Preprocessor, size: Preprocessor['size']): ImageSize | undefined {
  if (typeof size === 'number') {
    const { image_processor_type, feature_extractor_type } = preprocessor;
    const isSquare = SQUARE_SIZE.test(image_processor_type ?? feature_extractor_type ?? '');
    return isSquare ? { height: size, width: size } : undefined;
  }
  const { height, width } = size ?? {};
  return height && width ? { height, width } : undefined;
}

/** A crop to the size that the image has by then changes nothing, and is accepted. */
function refuseCrop(preprocessor: Preprocessor, size: ImageSize): void {
  const { do_center_crop, crop_size } = preprocessor;
  if (!do_center_crop) return;
  const crop =
    typeof crop_size === 'number' ? { height: crop_size, width: crop_size } : (crop_size ?? {});
  if (crop.height === size.height && crop.width === size.width) return;
  throw noStep('do_center_crop', 'false, or a crop_size equal to size', JSON.stringify(crop_size));
}

function resampleOf({ resample }: Preprocessor): ResampleFilter {
  if (resample === 0 || resample === 1 || resample === 2 || resample === 3) return resample;
  throw noStep('resample', '0 nearest, 1 Lanczos, 2 bilinear or 3 bicubic', resample ?? 'none');
}

function rescaleStep({ do_rescale, rescale_factor }: Preprocessor): PreprocessingStep[] {
  if (do_rescale === false) return [];
  return [{ step: 'rescale', rescale_factor: rescale_factor ?? 1 / 255 }];
}

function normalizeStep(
  { do_normalize, image_mean, image_std }: Preprocessor,
  channels: number,
): PreprocessingStep[] {
  if (do_normalize === false) return [];
  for (const [field, values] of Object.entries({ image_mean, image_std })) {
    if (values?.length !== channels) {
      throw noStep(field, `${channels} values, one a channel`, JSON.stringify(values ?? null));
    }
  }
  return [{ step: 'normalize', image_mean: image_mean ?? [], image_std: image_std ?? [] }];
}

function requireSize(input: ImageInput, size: ImageSize): void {
  const declared = sizeOf(input);
  for (const side of ['height', 'width'] as const) {
    if (declared[side] === -1 || declared[side] === size[side]) continue;
    throw noStep('size', `the ${side} of input '${input.name}', ${declared[side]}`, size[side]);
  }
}

function noStep(field: string, expected: string, got: unknown) {
  return modelInvalid(
    `preprocessor_config.json, ${field}: expected ${expected}, got ${got}. No preprocessing step of ` +
      'Nearside does that.',
    { file: 'preprocessor_config.json', field, expected, got },
  );
}
