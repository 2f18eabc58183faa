/** What each model is given, anew for each run: a sound, or tensors, name → [datatype, values, shape]. */
export const INPUTS = {
  digits: () => ({ pixel_values: ['FP32', new Float32Array(784), [1, 1, 28, 28]] }),
  above: () => ({
    x: ['FP32', Float32Array.of(2.5), [1]],
    level: ['FP32', Float32Array.of(1, 2, 3, 4), [4]],
  }),
  /** One line of text: 48 pixels high. */
  recogniser: () => ({
    x: ['FP32', Float32Array.from(LINE), [1, 3, 48, 320]],
  }),
  /** A second of sound. */
  voice: () => ({ samples: Float32Array.from({ length: 16_000 }, wave), sampleRateHz: 16_000 }),
  /** 32 ms of sound at 16 kHz, and what the 64 samples before and the state hold at first. */
  silero: () => ({
    input: ['FP32', Float32Array.from(SOUND), [1, 576]],
    state: ['FP32', new Float32Array(256), [2, 1, 128]],
    sr: ['INT64', BigInt64Array.of(16_000n), []],
  }),
};

const LINE = Float32Array.from({ length: 3 * 48 * 320 }, (_, i) => Math.sin(i / 7));
const wave = (_, i) => Math.sin(i / 9) / 4;
const SOUND = Float32Array.from({ length: 576 }, wave);
