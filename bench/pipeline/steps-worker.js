// The steps by themselves, in a worker as the library runs them.

import { compilePipeline } from '@nearside/pipeline';
import { compare } from '../compare.js';

const PHOTO = { width: 4000, height: 3000 };
const PAIRS = 15;
const WARM_UPS = 3;

const NORMALIZED = [
  { step: 'decode-image' },
  { step: 'resize', size: { height: 224, width: 224 }, resample: 2 },
  { step: 'rescale', rescale_factor: 1 / 255 },
  { step: 'normalize', image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225] },
  { step: 'to-tensor', layout: 'NCHW' },
];

const MELS = [
  { step: 'decode-audio' },
  { step: 'mix-down' },
  { step: 'resample', sampling_rate: 16_000 },
  { step: 'log-mel', n_fft: 400, hop_length: 160, n_mels: 80, log_mel: 'log' },
];

const SECONDS = 60;

self.onmessage = async ({ data }) => {
  self.postMessage(await (data === 'photo' ? measurePhoto() : measureAudio()));
};

function specOf(preprocessing, shape) {
  return {
    name: 'bench',
    inputs: [{ name: 'x', datatype: 'FP32', shape }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
    preprocessing,
    postprocessing: [],
    limits: { memoryBytes: 1 },
  };
}

/** @returns [time of the steps, time of decoding and reading all pixels, which computes nothing], ms, in turns */
async function measurePhoto() {
  const photo = await makePhoto();
  const pipeline = compilePipeline(specOf(NORMALIZED, [-1, 3, 224, 224]));
  const steps = () => pipeline.begin().prepare(photo);
  return compare([steps, () => readAll(photo)], { pairs: PAIRS, warmUps: WARM_UPS });
}

/** A JPEG of 12 megapixels with large shapes and a little noise. */
async function makePhoto() {
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

async function readAll(photo) {
  const bitmap = await createImageBitmap(photo);
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  bitmap.close();
  return data;
}

/** @returns seconds of sound of 48 kHz ÷ seconds that resampling and log-mels take, several times */
async function measureAudio() {
  const samples = Float32Array.from(
    { length: 48_000 * SECONDS },
    (_, i) => Math.sin(i * i * 1e-7) / 2,
  );
  const pipeline = compilePipeline(specOf(MELS, [-1, 80, -1]));
  const factors = [];
  for (let i = -WARM_UPS; i < PAIRS; i += 1) {
    const ms = await time(() => pipeline.begin().prepare({ samples, sampleRateHz: 48_000 }));
    if (i >= 0) factors.push((SECONDS * 1000) / ms);
  }
  return factors;
}

async function time(work) {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}
