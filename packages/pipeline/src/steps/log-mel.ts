import { sum } from '@nearside/core';
import * as v from 'valibot';
import {
  costOfMelFrame,
  type MelSpectrogramOptions,
  melFrames,
  prepareMelSpectrogram,
} from '../audio/mel-spectrogram.js';
import { requireFewFrames, type Sound } from '../audio/sound.js';
import { defineStep, Misfit } from '../step.js';

const CountSchema = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_536));

const ParametersSchema = v.strictObject({
  n_fft: CountSchema,
  hop_length: CountSchema,
  /** `n_fft` by default. */
  win_length: v.optional(CountSchema),
  /** Speech takes 40 to 128; every filter is as long as the transform. */
  n_mels: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1024)),
  /** Hz */
  f_min: v.optional(v.pipe(v.number(), v.minValue(0)), 0),
  /** Hz; half the rate by default. */
  f_max: v.optional(v.pipe(v.number(), v.minValue(0))),
  mel_scale: v.optional(v.picklist(['htk', 'slaney']), 'htk'),
  norm: v.optional(v.literal('slaney')),
  power: v.optional(v.pipe(v.number(), v.minValue(0.1), v.maxValue(10)), 2),
  center: v.optional(v.boolean(), true),
  /** Which logarithm, of 10 times which for `dB`; none by default. */
  log_mel: v.optional(v.picklist(['log', 'log10', 'dB'])),
  /** Least number that a logarithm is taken of. */
  mel_floor: v.optional(v.pipe(v.number(), v.minValue(1e-38)), 1e-10),
  /** `NFT`: a row for each mel; `NTF`: a row for each frame. */
  layout: v.optional(v.picklist(['NFT', 'NTF']), 'NFT'),
});

type Parameters = v.InferOutput<typeof ParametersSchema>;

/** {@link prepareMelSpectrogram} and its logarithm, as a step: [samples] → f32 [1, n_mels, frames] or [1, frames, n_mels]. */
export const logMelStep = defineStep({
  name: 'log-mel',
  parameters: ParametersSchema,
  takes: 'sound',
  gives: 'tensor',
  form({ channels, sampleRateHz, samples }, parameters) {
    if (channels !== 1)
      throw new Misfit(
        'sound of one channel (`mix-down`)',
        `${channels ?? 'any number of channels'}`,
      );
    const options = optionsFrom(parameters, sampleRateHz);
    const frames = samples === undefined ? -1 : melFrames(samples, options);
    if (frames === 0) throw new Misfit(`frames of ${options.nFft} samples or more`, `${samples}`);
    return { datatype: 'FP32', shape: shapeOf(frames, parameters) };
  },
  compile: (parameters, { form }) => {
    const options = optionsFrom(parameters, form.sampleRateHz);
    const spectrogramOf = prepareMelSpectrogram(options, scaleOf(parameters));
    return () => (items) => {
      const frames = items.map(({ value }) => melFrames(samplesOf(value).length, options));
      requireFewFrames(sum(frames), costOfMelFrame(options));
      return items.map(({ value, trace }) => {
        const { frames, mels } = spectrogramOf(samplesOf(value));
        const data = parameters.layout === 'NFT' ? mels : turned(mels, frames);
        return { value: { datatype: 'FP32', shape: shapeOf(frames, parameters), data }, trace };
      });
    };
  },
});

function samplesOf({ channels: [samples = new Float32Array()] }: Sound): Float32Array {
  return samples;
}

function optionsFrom(
  parameters: Parameters,
  sampleRateHz: number | undefined,
): MelSpectrogramOptions {
  if (sampleRateHz === undefined)
    throw new Misfit('sound of a known rate (`resample`)', 'any rate');
  const { n_fft, hop_length, win_length = n_fft, n_mels, f_min, mel_scale, norm } = parameters;
  const { f_max = sampleRateHz / 2, power, center } = parameters;
  if (win_length > n_fft)
    throw new Misfit(`win_length of at most n_fft, ${n_fft}`, `${win_length}`);
  if (f_max > sampleRateHz / 2)
    throw new Misfit(`f_max of at most ${sampleRateHz / 2} Hz`, `${f_max}`);
  if (f_min >= f_max) throw new Misfit(`f_min below f_max, ${f_max} Hz`, `${f_min}`);
  return {
    sampleRateHz,
    nFft: n_fft,
    hopLength: hop_length,
    winLength: win_length,
    nMels: n_mels,
    fMinHz: f_min,
    fMaxHz: f_max,
    melScale: mel_scale,
    norm,
    power,
    center,
  };
}

function scaleOf({ log_mel, mel_floor }: Parameters): (value: number) => number {
  switch (log_mel) {
    case 'log':
      return (value) => Math.log(Math.max(value, mel_floor));
    case 'log10':
      return (value) => Math.log10(Math.max(value, mel_floor));
    case 'dB':
      return (value) => 10 * Math.log10(Math.max(value, mel_floor));
    case undefined:
      return (value) => value;
  }
}

function shapeOf(frames: number, { n_mels, layout }: Parameters): number[] {
  return layout === 'NFT' ? [1, n_mels, frames] : [1, frames, n_mels];
}

/** [mels, frames] → [frames, mels] */
function turned(mels: Float32Array<ArrayBuffer>, frames: number): Float32Array<ArrayBuffer> {
  const count = mels.length / frames;
  return mels.map((_, i) => mels[(i % count) * frames + Math.floor(i / count)] as number);
}
