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
  crop_pct: v.optional(v.nullable(v.number())),
  do_pad: FlagSchema,
  pad_size: v.optional(v.nullable(SizeSchema)),
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
  'do_pad',
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
  const { steps: geometry, size } = reshape(preprocessor);
  const steps: PreprocessingStep[] = [
    { step: 'decode-image' },
    ...(channels === 1 ? [{ step: 'grayscale' } as const] : []),
    ...geometry,
    ...rescaleStep(preprocessor),
    ...normalizeStep(preprocessor, channels),
    ...padStep(preprocessor),
    { step: 'to-tensor', layout },
  ];
  const { do_pad, do_center_crop, pad_size } = preprocessor;
  const whole = do_pad ? bothSides('pad_size', pad_size) : size;
  requireSize(image, whole, do_pad ? 'pad_size' : do_center_crop ? 'do_center_crop' : 'size');
  return { steps, shape: shapeOf(image, whole) };
}

function refuseUnknown(preprocessor: Preprocessor): void {
  for (const [field, value] of Object.entries(preprocessor)) {
    const asked = field.startsWith('do_') && value !== false && value !== null;
    if (asked && !KNOWN_FLAGS.has(field)) throw noStep(field, 'false', value);
  }
  const { crop_pct } = preprocessor;
  const type = typeOf(preprocessor);
  if (/^Levit/.test(type)) throw noStep('image_processor_type', 'one of exact sizes', type);
  if (crop_pct && !/^ConvNext/.test(type)) throw noStep('crop_pct', 'none', crop_pct);
}

const ANY_SIZE: ImageSize = { height: -1, width: -1 };

/** The steps that resize and crop, and the size they give; it has −1 where only the picture says it. */
function reshape(preprocessor: Preprocessor): { steps: PreprocessingStep[]; size: ImageSize } {
  const resized = resizeTo(preprocessor);
  const crop = cropTo(preprocessor, resized);
  const steps: PreprocessingStep[] = [];
  if (resized) {
    steps.push({ step: 'resize', size: resized, resample: resampleOf(preprocessor) });
  }
  if (crop) steps.push({ step: 'center-crop', crop_size: crop });
  return { steps, size: crop ?? (resized && 'height' in resized ? resized : ANY_SIZE) };
}

type ShortestEdge = { readonly shortest_edge: number };
type Resized = ImageSize | ShortestEdge;

function resizeTo(preprocessor: Preprocessor): Resized | undefined {
  if (preprocessor.do_resize === false) {
    if (preprocessor.do_center_crop || preprocessor.do_pad) return undefined;
    throw noStep('do_resize', 'true, or a crop or padding to one size', false);
  }
  const size = readSize(preprocessor);
  const edge = convNextEdge(preprocessor);
  if (edge === undefined) return size;
  return edge < CROPPED_BELOW
    ? { shortest_edge: Math.floor(edge / (preprocessor.crop_pct ?? CROP_PCT)) }
    : { height: edge, width: edge };
}

/** ConvNeXt resizes pictures smaller than this by more than it then crops. */
const CROPPED_BELOW = 384;
const CROP_PCT = 224 / 256;

/** The side of what a ConvNeXt crops, whatever `do_center_crop` says. */
function convNextEdge(preprocessor: Preprocessor): number | undefined {
  if (!/^ConvNext/.test(typeOf(preprocessor))) return undefined;
  const size = readSize(preprocessor);
  return 'shortest_edge' in size ? size.shortest_edge : undefined;
}

function typeOf({ image_processor_type, feature_extractor_type }: Preprocessor): string {
  return image_processor_type ?? feature_extractor_type ?? '';
}

function readSize(preprocessor: Preprocessor): Resized {
  const { size } = preprocessor;
  if (typeof size === 'number') {
    const isSquare = SQUARE_SIZE.test(typeOf(preprocessor));
    return isSquare ? { height: size, width: size } : { shortest_edge: size };
  }
  const { height, width, shortest_edge, ...others } = size ?? {};
  if (height && width) return { height, width };
  if (shortest_edge && Object.keys(others).length === 0) return { shortest_edge };
  const got = JSON.stringify(size ?? null);
  throw noStep('size', 'a height and a width, or a shortest_edge', got);
}

/** A crop to the size that the image has by then changes nothing. */
function cropTo(preprocessor: Preprocessor, resized: Resized | undefined): ImageSize | undefined {
  const { do_center_crop, crop_size } = preprocessor;
  const edge = convNextEdge(preprocessor);
  const isAsked = edge === undefined ? do_center_crop : edge < CROPPED_BELOW;
  if (!isAsked) return undefined;
  const crop = bothSides('crop_size', edge ?? crop_size);
  const { height, width } = { ...ANY_SIZE, ...resized };
  return crop.height === height && crop.width === width ? undefined : crop;
}

function bothSides(field: string, size: Preprocessor['size']): ImageSize {
  if (typeof size === 'number') return { height: size, width: size };
  const { height, width } = size ?? {};
  if (height && width) return { height, width };
  throw noStep(field, 'a height and a width', JSON.stringify(size ?? null));
}

/** Zeros at the right and below, around what is normalised already. */
function padStep({ do_pad, pad_size }: Preprocessor): PreprocessingStep[] {
  if (!do_pad) return [];
  const rest = { size_divisor: 1, constant_values: 0, alignment: 'top-left' } as const;
  return [{ step: 'pad', pad_size: bothSides('pad_size', pad_size), ...rest }];
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

function requireSize(input: ImageInput, size: ImageSize, field: string): void {
  const declared = sizeOf(input);
  for (const side of ['height', 'width'] as const) {
    if (declared[side] === -1 || declared[side] === size[side]) continue;
    const got = size[side] === -1 ? 'that of the picture' : size[side];
    throw noStep(field, `the ${side} of input '${input.name}', ${declared[side]}`, got);
  }
}

function noStep(field: string, expected: string, got: unknown) {
  return modelInvalid(
    `preprocessor_config.json, ${field}: expected ${expected}, got ${got}. No preprocessing step of ` +
      'Nearside does that.',
    { file: 'preprocessor_config.json', field, expected, got },
  );
}
