/** Sound as plain numbers. */
export interface Sound {
  /** One array for each channel, all of one length; full scale is −1 to 1. */
  readonly channels: readonly Float32Array<ArrayBuffer>[];
  readonly sampleRateHz: number;
}

export const SOUND_LIMITS = Object.freeze({
  /** Hz. Below it nothing can be heard; telephones have 8,000. */
  minRateHz: 1_000,
  /** Hz: the fastest converters that studios use. */
  maxRateHz: 384_000,
  /** Channels: `AudioBuffer` has as many. */
  maxChannels: 32,
  /** Over all channels: 46 minutes of one at 48 kHz, 512 MiB. Longer sound goes through a stream in pieces. */
  maxSamples: 2 ** 27,
});
