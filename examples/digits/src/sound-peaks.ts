/** How long a peak is, ms. */
const PEAK_MS = 5;

/** How loud a growing sound is from moment to moment: all that a drawing of it needs. */
export interface SoundPeaks {
  readonly durationMs: number;
  /** The loudest so far, from 0 on. */
  readonly loudest: number;
  append(samples: Float32Array, sampleRateHz: number): void;
  /** The loudest between two moments, ms. */
  between(fromMs: number, toMs: number): number;
}

export function createSoundPeaks(): SoundPeaks {
  const peaks: number[] = [];
  let samplesSeen = 0;
  let durationMs = 0;
  let loudest = 0;
  return {
    get durationMs() {
      return durationMs;
    },
    get loudest() {
      return loudest;
    },
    append(samples, sampleRateHz) {
      for (const [i, sample] of samples.entries()) {
        const index = Math.floor(((samplesSeen + i) * 1000) / sampleRateHz / PEAK_MS);
        const level = Math.abs(sample);
        peaks[index] = Math.max(peaks[index] ?? 0, level);
        if (level > loudest) loudest = level;
      }
      samplesSeen += samples.length;
      durationMs = (samplesSeen * 1000) / sampleRateHz;
    },
    between(fromMs, toMs) {
      let most = 0;
      const end = Math.max(Math.floor(fromMs / PEAK_MS) + 1, Math.ceil(toMs / PEAK_MS));
      for (let i = Math.max(0, Math.floor(fromMs / PEAK_MS)); i < end; i += 1) {
        most = Math.max(most, peaks[i] ?? 0);
      }
      return most;
    },
  };
}
