/** Zero crossings of the sinc on either side; `lowpass_filter_width` of `torchaudio.functional.resample`. */
const CROSSINGS = 6;
/** Where the filter begins to cut, as a share of the lower of both Nyquist frequencies; its `rolloff`. */
const ROLLOFF = 0.99;

/** How each output sample is made of input samples. */
export interface ResamplingFilter {
  /** Input samples in a period: after so many, the output samples are at the same places between them again. */
  readonly from: number;
  /** Output samples in a period. */
  readonly to: number;
  /** Input samples that one output sample is made of; an even number. */
  readonly taps: number;
  /** [to]: the first of them, counted from the period's first input sample; below 0 for earlier ones. */
  readonly firsts: Int32Array;
  /** [to, taps] */
  readonly weights: Float64Array;
}

/**
 * A sinc under a Hann window, as `torchaudio.functional.resample` has it by default (`sinc_interp_hann`): the
 * output sample p of a period is the sum over input samples k of h(k / from − p / to), where
 * h(t) = s/from · sinc(s·t) · cos²(π·s·t / 12) for |s·t| < 6, with s = 0.99 · min(from, to).
 */
export function resamplingFilter(fromHz: number, toHz: number): ResamplingFilter {
  const divisor = greatestCommonDivisor(fromHz, toHz);
  const from = fromHz / divisor;
  const to = toHz / divisor;
  const scale = ROLLOFF * Math.min(from, to);
  const reach = (CROSSINGS * from) / scale;
  const taps = 2 * Math.ceil((Math.floor(2 * reach) + 1) / 2);
  const firsts = new Int32Array(to);
  const weights = new Float64Array(to * taps);
  for (let p = 0; p < to; p++) {
    const first = Math.ceil((p * from) / to - reach);
    firsts[p] = first;
    for (let i = 0; i < taps; i++) {
      const t = f32(f32((first + i) / from) - f32(p / to));
      weights[p * taps + i] = weightAt(f32(t * f32(scale)), f32(scale / from));
    }
  }
  return { from, to, taps, firsts, weights };
}

/**
 * Rounded after each operation, as torchaudio computes: 2e-5 from exact for 22,050 → 16,000 Hz, which is more than
 * both may be apart.
 */
const f32 = Math.fround;
const PI = f32(Math.PI);

/** @param t in zero crossings from the middle */
function weightAt(t: number, height: number): number {
  if (Math.abs(t) >= CROSSINGS) return 0;
  const cosine = f32(Math.cos(f32(f32(f32(t * PI) / CROSSINGS) / 2)));
  const angle = f32(t * PI);
  const sinc = t === 0 ? 1 : f32(f32(Math.sin(angle)) / angle);
  return f32(sinc * f32(f32(cosine * cosine) * height));
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
