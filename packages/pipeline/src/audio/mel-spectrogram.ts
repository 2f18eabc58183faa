import { NearsideError } from '@nearside/core';
import { operationsOfSpectrum, preparePowerSpectrum } from './fourier.js';
import { type MelBankOptions, melBank } from './mel-bank.js';

export interface MelSpectrogramOptions extends MelBankOptions {
  readonly hopLength: number;
  /** Length of the Hann window, which lies in the middle of `nFft` samples. */
  readonly winLength: number;
  /** 1 for magnitudes, 2 for powers. */
  readonly power: number;
  /** True where frames lie around their place, and the sound is mirrored at its ends. */
  readonly center: boolean;
}

/** How many frames there are of so many samples. */
export function melFrames(
  samples: number,
  { nFft, hopLength, center }: Pick<MelSpectrogramOptions, 'nFft' | 'hopLength' | 'center'>,
): number {
  const room = center ? samples + 2 * Math.floor(nFft / 2) - nFft : samples - nFft;
  return room < 0 ? 0 : 1 + Math.floor(room / hopLength);
}

/** Returns the cost of a frame. Neighbouring filters overlap, so that each frequency counts twice. */
export function costOfMelFrame({ nFft, nMels }: Pick<MelSpectrogramOptions, 'nFft' | 'nMels'>) {
  return { values: nMels, operations: nFft + operationsOfSpectrum(nFft) + nFft + nMels };
}

/**
 * Prepares `torchaudio.transforms.MelSpectrogram`: [samples] → [nMels, frames], row-major, each frame under a
 * periodic Hann window. Computed in double.
 *
 * @param scale what becomes of each number, such as its logarithm
 */
export function prepareMelSpectrogram(
  options: MelSpectrogramOptions,
  scale: (value: number) => number,
): (samples: Float32Array) => {
  readonly frames: number;
  readonly mels: Float32Array<ArrayBuffer>;
} {
  const { nFft, hopLength, winLength, nMels, power, center } = options;
  const spectrumOf = preparePowerSpectrum(nFft);
  const window = hannWindow(winLength);
  const windowStart = Math.floor((nFft - winLength) / 2);
  const bank = melBank(options);
  const frame = new Float64Array(nFft);
  const before = center ? Math.floor(nFft / 2) : 0;

  return (samples) => {
    requireEnough(samples.length, options);
    const frames = melFrames(samples.length, options);
    const mels = new Float32Array(nMels * frames);
    for (let t = 0; t < frames; t++) {
      const start = t * hopLength - before + windowStart;
      for (let i = 0; i < winLength; i++) {
        const sample = samples[mirrored(start + i, samples.length)] as number;
        frame[windowStart + i] = sample * (window[i] as number);
      }
      const spectrum = spectrumOf(frame);
      if (power !== 2) {
        for (let k = 0; k < spectrum.length; k++)
          spectrum[k] = (spectrum[k] as number) ** (power / 2);
      }
      for (let mel = 0; mel < nMels; mel++) {
        const { first, weights } = bank[mel] as (typeof bank)[number];
        let sum = 0;
        for (let k = 0; k < weights.length; k++) {
          sum += (weights[k] as number) * (spectrum[first + k] as number);
        }
        mels[mel * frames + t] = scale(sum);
      }
    }
    return { frames, mels };
  };
}

/** One period: the value after the last is the first again (`torch.hann_window`). */
function hannWindow(length: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / length));
}

/** The ends are mirrors, and stand once. */
function mirrored(index: number, length: number): number {
  if (index < 0) return -index;
  return index < length ? index : 2 * (length - 1) - index;
}

function requireEnough(got: number, { nFft, center }: MelSpectrogramOptions): void {
  const least = center ? Math.floor(nFft / 2) + 1 : nFft;
  if (got >= least) return;
  throw new NearsideError(
    'input-invalid',
    `Expected sound of ${least} samples or more at the model's rate, got ${got}. Pass more of it at a time.`,
    { details: { expected: least, got } },
  );
}
