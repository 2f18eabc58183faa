import { NearsideError, type PlatformType } from '@nearside/core';

/** Sound as plain numbers. */
export interface Sound {
  /** One array for each channel, all of one length; full scale is −1 to 1. */
  readonly channels: readonly Float32Array<ArrayBuffer>[];
  readonly sampleRateHz: number;
}

/** Samples as they are; full scale is −1 to 1. */
export interface RawSound {
  /** One channel, or an array for each channel, all of one length. */
  readonly samples: Float32Array | readonly Float32Array[];
  /** A whole number of Hz. */
  readonly sampleRateHz: number;
}

/** `decodeAudio` reads these. A Blob is a WAV file. Node has neither `AudioBuffer` nor `AudioData`. */
export type AudioInput = RawSound | PlatformType<'AudioBuffer'> | PlatformType<'AudioData'> | Blob;

export const SOUND_LIMITS = Object.freeze({
  /** Hz. Below it nothing can be heard; telephones have 8,000. */
  minRateHz: 1_000,
  /** Hz: the fastest converters that studios use. */
  maxRateHz: 384_000,
  /** Channels: `AudioBuffer` has as many. */
  maxChannels: 32,
  /** Over all channels: 46 minutes of one at 48 kHz, 512 MiB. Longer sound goes through a stream in pieces. */
  maxSamples: 2 ** 27,
  /** All frames of one input together may cost this much. They overlap, but not without end. */
  maxFrameValues: 2 ** 29,
  /**
   * And take so many operations: measured, 50 to 95 s on one core of a server. The longest sound at 48 kHz takes less than
   * half in 128 mels of 2,048 samples each 512.
   */
  maxFrameOperations: 2 ** 34,
});

/** Beside its values a frame costs as much as so many. */
const COST_OF_FRAME = 256;

/**
 * Requires that a spec makes no more of an input than a device can hold, and takes no longer than somebody waits.
 *
 * @param frames of all items of the input
 * @param each what one of them costs: values that are kept, and operations
 * @throws NearsideError `input-too-large`
 */
export function requireFewFrames(
  frames: number,
  each: { readonly values: number; readonly operations?: number },
): void {
  const { values, operations = 0 } = each;
  const held = Math.floor(SOUND_LIMITS.maxFrameValues / (values + COST_OF_FRAME));
  const done = Math.floor(SOUND_LIMITS.maxFrameOperations / operations);
  const most = Math.min(held, done);
  if (frames <= most) return;
  const cost = done < held ? `${operations} operations` : `${values} values`;
  throw new NearsideError(
    'input-too-large',
    `Expected sound of at most ${most} frames of ${cost}, got ${frames}. Pass less of it at a time.`,
    { details: { frames, maxFrames: most, ...each } },
  );
}
