// A photo becomes a normalised tensor: by the steps, and by what they are measured against.

import { compilePipeline } from '@nearside/pipeline';

const PHOTO = { width: 4000, height: 3000 };
export const SIDE = 224;
export const MEAN = [0.485, 0.456, 0.406];
export const STD = [0.229, 0.224, 0.225];

/** As model.json has them. */
export function photoPreprocessing(reduced) {
  return [
    { step: 'decode-image', ...(reduced && { reduced }) },
    { step: 'resize', size: { height: SIDE, width: SIDE }, resample: 2 },
    { step: 'rescale', rescale_factor: 1 / 255 },
    { step: 'normalize', image_mean: MEAN, image_std: STD },
    { step: 'to-tensor', layout: 'NCHW' },
  ];
}

/** @returns function that makes a tensor of a photo */
export function photoSteps(reduced) {
  const pipeline = compilePipeline({
    name: 'bench',
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3, SIDE, SIDE] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
    preprocessing: photoPreprocessing(reduced),
    postprocessing: [],
    limits: { memoryBytes: 1 },
  });
  return async (photo) => {
    const [{ x }] = (await pipeline.begin().prepare(photo)).items;
    return x.data;
  };
}

/** A JPEG of 12 megapixels with large shapes and a little noise. */
export async function makePhoto() {
  const { width, height } = PHOTO;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  const gradient = context.createLinearGradient(0, 0, width, height);
  gradient.addColorStop(0, '#2d5c88');
  gradient.addColorStop(0.5, '#c9b458');
  gradient.addColorStop(1, '#6a2f1c');
  context.fillStyle = gradient;
  context.fillRect(0, 0, width, height);
  for (let i = 0; i < 4000; i += 1) {
    context.fillStyle = `hsl(${(i * 47) % 360} 50% 50% / 0.3)`;
    context.fillRect((i * 7919) % width, (i * 104_729) % height, 20 + (i % 60), 20 + (i % 45));
  }
  return canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 });
}

/** Decodes and reads all pixels, and computes nothing. */
export async function readAll(photo) {
  const bitmap = await createImageBitmap(photo);
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  bitmap.close();
  return data;
}

/** What people write who let a canvas resize: its pixels are others than those of training. */
export async function resizeByCanvas(photo) {
  const bitmap = await createImageBitmap(photo);
  const context = new OffscreenCanvas(SIDE, SIDE).getContext('2d', { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0, SIDE, SIDE);
  bitmap.close();
  const { data } = context.getImageData(0, 0, SIDE, SIDE);
  const pixels = SIDE * SIDE;
  const tensor = new Float32Array(3 * pixels);
  for (let c = 0; c < 3; c += 1) {
    for (let i = 0; i < pixels; i += 1) {
      tensor[c * pixels + i] = (data[4 * i + c] / 255 - MEAN[c]) / STD[c];
    }
  }
  return tensor;
}

/** @returns the largest difference of two tensors before they were normalised, in levels of 8 bits */
export function levelsBetween(one, other) {
  const pixels = SIDE * SIDE;
  return one.reduce((most, value, i) => {
    const levels = Math.abs(value - other[i]) * STD[Math.floor(i / pixels)] * 255;
    return Math.max(most, Math.round(levels));
  }, 0);
}
