import type { TensorSpec } from '@nearside/core';
import { expect, test } from 'vitest';
import { importPreprocessor } from './import-preprocessor.js';

/** What Hugging Face's library writes for a ViT. */
const VIT = {
  do_normalize: true,
  do_rescale: true,
  do_resize: true,
  image_mean: [0.5, 0.5, 0.5],
  image_processor_type: 'ViTImageProcessor',
  image_std: [0.5, 0.5, 0.5],
  resample: 2,
  rescale_factor: 0.00392156862745098,
  size: { height: 224, width: 224 },
};

function image(...shape: number[]): TensorSpec {
  return { name: 'pixel_values', datatype: 'FP32', shape };
}

test('a ViT resizes, rescales and normalises, in this order', () => {
  expect(importPreprocessor(VIT, image(-1, 3, 224, 224)).steps).toEqual([
    { step: 'decode-image' },
    { step: 'resize', size: { height: 224, width: 224 }, resample: 2 },
    { step: 'rescale', rescale_factor: 0.00392156862745098 },
    { step: 'normalize', image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] },
    { step: 'to-tensor', layout: 'NCHW' },
  ]);
});

test('axes that the exporter left free become what the steps give', () => {
  expect(importPreprocessor(VIT, image(-1, -1, -1, -1)).shape).toEqual([-1, 3, 224, 224]);
});

test('channels at the end make NHWC', () => {
  const { steps, shape } = importPreprocessor(VIT, image(1, -1, -1, 3));
  expect(steps.at(-1)).toEqual({ step: 'to-tensor', layout: 'NHWC' });
  expect(shape).toEqual([1, 224, 224, 3]);
});

test('one number is both sides for a ViT, as its older configurations have it', () => {
  const { image_processor_type, do_rescale, rescale_factor, ...fields } = VIT;
  const older = { ...fields, feature_extractor_type: 'ViTFeatureExtractor', size: 224 };
  expect(importPreprocessor(older, image(-1, 3, 224, 224)).steps).toEqual(
    importPreprocessor(VIT, image(-1, 3, 224, 224)).steps,
  );
});

test('a crop to the size that the image has anyway is no step', () => {
  const crop = { ...VIT, do_center_crop: true, crop_size: { height: 224, width: 224 } };
  expect(importPreprocessor(crop, image(-1, 3, 224, 224))).toEqual(
    importPreprocessor(VIT, image(-1, 3, 224, 224)),
  );
});
