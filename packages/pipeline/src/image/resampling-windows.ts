/** Pillow's resampling filters by their integer: 0 nearest, 1 Lanczos, 2 bilinear, 3 bicubic. */
export const RESAMPLE_FILTERS = [0, 1, 2, 3] as const;
export type ResampleFilter = (typeof RESAMPLE_FILTERS)[number];

/** The filters that weigh neighbours; nearest (0) only picks one. */
export type WeighingFilter = Exclude<ResampleFilter, 0>;

/** Each output position of one axis reads `counts[o]` inputs from `starts[o]` on. */
export interface ResamplingWindows {
  /** Length of the axis after resampling. */
  readonly size: number;
  /** [size] */
  readonly starts: Int32Array;
  /** [size] */
  readonly counts: Int32Array;
  /** Row length of `weights`: the largest count, or more. */
  readonly taps: number;
  /** [size, taps]; a row's first `counts[o]` weights sum to 1. */
  readonly weights: Float64Array;
}

/** The filters of Pillow's src/libImaging/Resample.c; `support` is half the width, in pixels. */
const FILTERS: Readonly<Record<WeighingFilter, { support: number; weigh: (x: number) => number }>> =
  {
    1: { support: 3, weigh: lanczos3 },
    2: { support: 1, weigh: triangle },
    3: { support: 2, weigh: cubic },
  };

/**
 * Windows and weights to bring an axis from `inputSize` to `outputSize`. When it shrinks, the
 * filter widens by the same ratio, so that every input counts (antialiasing). Same operations in
 * the same order as Pillow's `precompute_coeffs`, in double.
 */
export function resamplingWindows(
  inputSize: number,
  outputSize: number,
  filter: WeighingFilter,
): ResamplingWindows {
  const { support: unscaledSupport, weigh } = FILTERS[filter];
  const scale = inputSize / outputSize;
  const filterScale = Math.max(scale, 1);
  const support = unscaledSupport * filterScale;
  const taps = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(outputSize);
  const counts = new Int32Array(outputSize);
  const weights = new Float64Array(outputSize * taps);
  for (let o = 0; o < outputSize; o++) {
    const center = (o + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(inputSize, Math.trunc(center + support + 0.5));
    const row = weights.subarray(o * taps, o * taps + end - start);
    let sum = 0;
    for (let tap = 0; tap < row.length; tap++) {
      const weight = weigh((tap + start - center + 0.5) * (1 / filterScale));
      row[tap] = weight;
      sum += weight;
    }
    if (sum !== 0) {
      for (let tap = 0; tap < row.length; tap++) row[tap] = (row[tap] as number) / sum;
    }
    starts[o] = start;
    counts[o] = row.length;
  }
  return { size: outputSize, starts, counts, taps, weights };
}

function triangle(x: number): number {
  return Math.max(0, 1 - Math.abs(x));
}

/** Keys' cubic with a = −0.5 (IEEE Trans. ASSP 29, 1981). */
function cubic(x: number): number {
  const distance = Math.abs(x);
  if (distance < 1) return (1.5 * distance - 2.5) * distance * distance + 1;
  if (distance < 2) return (((distance - 5) * distance + 8) * distance - 4) * -0.5;
  return 0;
}

function lanczos3(x: number): number {
  return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}
