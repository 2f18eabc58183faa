/** How mels follow from Hz: O'Shaughnessy's formula as HTK has it, or Slaney's Auditory Toolbox. */
export type MelScale = 'htk' | 'slaney';

export interface MelBankOptions {
  readonly sampleRateHz: number;
  /** Length of the transform: there are ⌊nFft / 2⌋ + 1 frequencies from 0 to half the rate. */
  readonly nFft: number;
  readonly nMels: number;
  readonly fMinHz: number;
  readonly fMaxHz: number;
  readonly melScale: MelScale;
  /** `slaney` divides each filter by half its width in Hz, so that all have one area. */
  readonly norm: 'slaney' | undefined;
}

/** A triangle over frequencies: weights from the first that has one. */
export interface MelFilter {
  readonly first: number;
  readonly weights: Float64Array;
}

/** `torchaudio.functional.melscale_fbanks`: triangles that are even in mels and straight in Hz. */
export function melBank(options: MelBankOptions): MelFilter[] {
  const { sampleRateHz, nFft, nMels, fMinHz, fMaxHz, melScale, norm } = options;
  const { toMel, toHz } = SCALES[melScale];
  const [low, high] = [toMel(fMinHz), toMel(fMaxHz)];
  const edge = (i: number) => toHz(low + ((high - low) * i) / (nMels + 1));
  const bins = Math.floor(nFft / 2) + 1;
  const top = Math.floor(sampleRateHz / 2);
  const frequencies = Array.from({ length: bins }, (_, k) => (top * k) / Math.max(1, bins - 1));
  return Array.from({ length: nMels }, (_, mel) => {
    const [from, middle, to] = [edge(mel), edge(mel + 1), edge(mel + 2)];
    const height = norm === 'slaney' ? 2 / (to - from) : 1;
    const weights = frequencies.map((frequency) => {
      const rise = (frequency - from) / (middle - from);
      const fall = (to - frequency) / (to - middle);
      return height * Math.max(0, Math.min(rise, fall));
    });
    const first = Math.max(
      0,
      weights.findIndex((weight) => weight > 0),
    );
    const last = weights.findLastIndex((weight) => weight > 0);
    return { first, weights: Float64Array.from(weights.slice(first, last + 1)) };
  });
}

/** Slaney: straight below 1,000 Hz, 15 mels; above it a factor of 6.4 is 27 mels. */
const BREAK_HZ = 1000;
const BREAK_MELS = 15;
const HZ_PER_MEL = 200 / 3;
const STEP = Math.log(6.4) / 27;

const SCALES = {
  htk: {
    toMel: (hz: number) => 2595 * Math.log10(1 + hz / 700),
    toHz: (mels: number) => 700 * (10 ** (mels / 2595) - 1),
  },
  slaney: {
    toMel: (hz: number) =>
      hz < BREAK_HZ ? hz / HZ_PER_MEL : BREAK_MELS + Math.log(hz / BREAK_HZ) / STEP,
    toHz: (mels: number) =>
      mels < BREAK_MELS ? mels * HZ_PER_MEL : BREAK_HZ * Math.exp(STEP * (mels - BREAK_MELS)),
  },
};
