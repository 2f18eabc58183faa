import { kindOf } from '@nearside/core';
import type { RawSound } from '@nearside/pipeline';
import { takeArrays } from '../snapshot-input.js';

/**
 * Takes sound as it is now, in a form that can cross to a worker: an `AudioBuffer` as its samples, which are always
 * copied because it keeps them.
 *
 * @returns undefined for what is no sound, or crosses like anything else
 */
export function snapshotSound(input: unknown, transfer: boolean): RawSound | AudioData | undefined {
  switch (kindOf(input)) {
    case 'AudioBuffer': {
      const { numberOfChannels, sampleRate: sampleRateHz } = input as AudioBuffer;
      const channels = Array.from({ length: numberOfChannels }, (_, i) =>
        (input as AudioBuffer).getChannelData(i),
      );
      return { samples: takeSamples(channels, false), sampleRateHz };
    }
    case 'AudioData':
      return transfer ? (input as AudioData) : (input as AudioData).clone();
    case 'Object':
      return isRaw(input as object) ? takeRaw(input as RawSound, transfer) : undefined;
    default:
      return undefined;
  }
}

/** Just these two: an input of an app's own task may have more. */
function isRaw(input: object): boolean {
  const { samples, sampleRateHz, ...others } = input as Partial<RawSound>;
  const channels: readonly unknown[] = Array.isArray(samples) ? samples : [samples];
  return (
    Object.keys(others).length === 0 &&
    typeof sampleRateHz === 'number' &&
    channels.every((one) => kindOf(one) === 'Float32Array')
  );
}

function takeRaw({ samples, sampleRateHz }: RawSound, transfer: boolean): RawSound {
  const isMany = Array.isArray(samples);
  const taken = takeSamples(isMany ? samples : [samples as Float32Array], transfer);
  return { samples: isMany ? taken : (taken[0] as Float32Array), sampleRateHz };
}

/** Memory that is shared, such as a ring that a worklet fills, is copied in any case. */
function takeSamples(channels: readonly Float32Array[], transfer: boolean): Float32Array[] {
  return takeArrays(channels as readonly Float32Array<ArrayBuffer>[], transfer) as Float32Array[];
}
