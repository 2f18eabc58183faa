import { type ResamplingFilter, resamplingFilter } from './resampling-filter.js';
import type { Sound } from './sound.js';
import { openStreamWindow } from './stream-window.js';

/** Makes filters, and keeps the last: devices have one rate. */
export type FilterSource = (fromHz: number, toHz: number) => ResamplingFilter;

export function keepLastFilter(): FilterSource {
  let last: { readonly fromHz: number; readonly toHz: number; readonly filter: ResamplingFilter };
  return (fromHz, toHz) => {
    if (last?.fromHz !== fromHz || last.toHz !== toHz) {
      last = { fromHz, toHz, filter: resamplingFilter(fromHz, toHz) };
    }
    return last.filter;
  };
}

/**
 * @param isEnd whether silence comes after the piece: then the last samples can be computed too
 * @returns what could be computed that was not yet; over all pieces bit for bit what the whole at once gives
 */
export type Resampler = (piece: Sound, isEnd: boolean) => Sound;

/**
 * Sound of any rate → sound of one: `torchaudio.functional.resample` with its defaults, within 1e-5
 * ({@link resamplingFilter}), summed up in double. n samples become ⌈n · to / from⌉ once the end is there.
 *
 * @throws NearsideError `input-invalid` for a piece of another rate than those before it
 */
export function openResampler(toHz: number, filterOf: FilterSource = resamplingFilter): Resampler {
  let resample: Resampler | undefined;
  return (piece, isEnd) => {
    const { sampleRateHz } = piece;
    resample ??= sampleRateHz === toHz ? openAsIs() : openFromRate(sampleRateHz, toHz, filterOf);
    return resample(piece, isEnd);
  };
}

/** Sound that has the rate already passes; pieces of another rate are refused. */
function openAsIs(): Resampler {
  const window = openStreamWindow(0);
  return (piece) => {
    window.add({ ...piece, channels: piece.channels.map((samples) => samples.subarray(0, 0)) });
    return piece;
  };
}

function openFromRate(fromHz: number, toHz: number, filterOf: FilterSource): Resampler {
  const filter = filterOf(fromHz, toHz);
  const { from, to, taps, firsts } = filter;
  const window = openStreamWindow(-(firsts[0] as number));
  /** Output samples that were given. */
  let given = 0;

  return (piece, isEnd) => {
    window.add(piece);
    const length = Math.ceil((window.end * to) / from);
    if (isEnd) window.addZeros(taps + from);
    const until = isEnd ? length : computable(filter, window.end);
    const channels = window.channels.map((samples) => {
      const made = new Float32Array(Math.max(0, until - given));
      convolve(samples, made, { filter, start: window.start, given });
      return made;
    });
    given = Math.max(given, until);
    window.forget(firstTap(filter, given));
    return { channels, sampleRateHz: toHz };
  };
}

/** Where in the stream the input samples begin that an output sample is made of. */
function firstTap({ from, to, firsts }: ResamplingFilter, index: number): number {
  return Math.floor(index / to) * from + (firsts[index % to] as number);
}

/** How many output samples need no input sample from `end` on. */
function computable(filter: ResamplingFilter, end: number): number {
  const { from, to, taps } = filter;
  let count = Math.max(0, Math.floor(((end - taps) * to) / from)); // at most what can be computed
  while (firstTap(filter, count) + taps <= end) count += 1;
  return count;
}

function convolve(
  samples: Float32Array,
  made: Float32Array,
  { filter, start, given }: { filter: ResamplingFilter; start: number; given: number },
): void {
  const { from, to, taps, firsts, weights } = filter;
  let phase = given % to;
  let period = Math.floor(given / to) * from - start;
  for (let m = 0; m < made.length; m++) {
    const first = period + (firsts[phase] as number);
    const row = phase * taps;
    let even = 0; // two sums at a time: an addition waits for the one before it
    let odd = 0;
    for (let i = 0; i < taps; i += 2) {
      even += (samples[first + i] as number) * (weights[row + i] as number);
      odd += (samples[first + i + 1] as number) * (weights[row + i + 1] as number);
    }
    made[m] = even + odd;
    phase += 1;
    if (phase === to) {
      phase = 0;
      period += from;
    }
  }
}
