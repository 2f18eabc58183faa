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

const CLIP = { ...VIT, image_processor_type: 'CLIPImageProcessor', size: { shortest_edge: 224 } };

test('pictures that keep their proportions are cropped in the middle', () => {
  const crop = { do_center_crop: true, crop_size: { height: 224, width: 224 } };
  const { steps, shape } = importPreprocessor({ ...CLIP, ...crop }, image(-1, 3, -1, -1));
  expect(steps.slice(1, 3)).toEqual([
    { step: 'resize', size: { shortest_edge: 224 }, resample: 2 },
    { step: 'center-crop', crop_size: { height: 224, width: 224 } },
  ]);
  expect(shape).toEqual([-1, 3, 224, 224]);
});

test.each([
  [224, [{ shortest_edge: 256 }, { height: 224, width: 224 }]],
  [384, [{ height: 384, width: 384 }, undefined]],
])('a ConvNeXt of %i pixels crops what is small', (edge, [size, crop_size]) => {
  const config = { ...CLIP, image_processor_type: 'ConvNextImageProcessor' };
  const { steps } = importPreprocessor({ ...config, size: edge }, image(-1, 3, edge, edge));
  expect(steps[1]).toMatchObject({ size });
  expect(steps[2]).toMatchObject(crop_size ? { crop_size } : { step: 'rescale' });
});

test('padding stands after normalising, at the right and below', () => {
  const pad = { do_resize: false, do_pad: true, pad_size: { height: 640, width: 640 } };
  const { steps, shape } = importPreprocessor({ ...VIT, ...pad }, image(-1, 3, -1, -1));
  expect(steps.map(({ step }) => step)).toEqual([
    'decode-image',
    'rescale',
    'normalize',
    'pad',
    'to-tensor',
  ]);
  expect(steps[3]).toMatchObject({ pad_size: pad.pad_size, alignment: 'top-left' });
  expect(shape).toEqual([-1, 3, 640, 640]);
});
