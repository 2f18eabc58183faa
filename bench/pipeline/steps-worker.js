// The steps by themselves, in a worker as the library runs them.

import { compilePipeline, STEPS_FILE } from '@nearside/pipeline';
import { compare } from '../compare.js';
import { sized } from '../sized.js';
import { levelsBetween, makePhoto, photoSteps, readAll, resizeByCanvas } from './photo.js';
import { byTransformers } from './transformers-photo.js';

const PAIRS = sized(15);
const WARM_UPS = sized(3);

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

/**
 * Pairs of times, ms, in turns: of the steps and of decoding and reading all pixels; of the steps and of a canvas that
 * resizes, or transformers.js; of the steps with `reduced` and of reading all. And by how many levels `reduced` is off.
 */
async function measurePhoto() {
  const photo = await makePhoto();
  const exact = photoSteps();
  const half = photoSteps(2);
  const options = { pairs: PAIRS, warmUps: WARM_UPS };
  const tensor = await exact(photo);
  return {
    floor: await compare([() => exact(photo), () => readAll(photo)], options),
    canvas: await compare([() => exact(photo), () => resizeByCanvas(photo)], options),
    transformers: await compare([() => exact(photo), () => byTransformers(photo)], options),
    reduced: await compare([() => half(photo), () => readAll(photo)], options),
    levels: {
      2: levelsBetween(tensor, await half(photo)),
      4: levelsBetween(tensor, await photoSteps(4)(photo)),
    },
  };
}

/** @returns seconds of sound of 48 kHz ÷ seconds that resampling and log-mels take, several times */
async function measureAudio() {
  const samples = Float32Array.from(
    { length: 48_000 * SECONDS },
    (_, i) => Math.sin(i * i * 1e-7) / 2,
  );
  const pipeline = compilePipeline(specOf(MELS, [-1, 80, -1]), { stepsFile: STEPS_FILE });
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
