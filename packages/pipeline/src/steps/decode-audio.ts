import * as v from 'valibot';
import { SOUND_AS_TENSOR } from '../as-tensor.js';
import { decodeAudio } from '../audio/decode-audio.js';
import type { AudioInput, Sound } from '../audio/sound.js';
import { type Call, defineStep } from '../step.js';

/** Sound in any form that {@link decodeAudio} reads → samples of each channel at its own rate. */
export const decodeAudioStep = defineStep({
  name: 'decode-audio',
  parameters: v.strictObject({}),
  takes: 'input',
  gives: 'sound',
  asTensor: SOUND_AS_TENSOR,
  form: () => ({ channels: undefined, sampleRateHz: undefined, samples: undefined }),
  compile: () => () => (items, call) =>
    Promise.all(
      items.map(async ({ value, trace }) => {
        const sound = await decodeAudio(value as AudioInput, { signal: call.signal });
        observeSound(sound, call);
        return { value: sound, trace };
      }),
    ),
});

/** Samples that are looked at, about. */
const SAMPLED = 4096;
/** A sample from here on is clipped: full scale is 32,767 ÷ 32,768 above zero in a file of 16 bits. */
const CLIPPED = 0.999;
/** dB: what is fainter is silence. */
const FAINTEST_DB = -100;

/**
 * Notes how loud sound is, its root mean square in dB of full scale, and the share of its samples that are clipped:
 * over samples at equal distances.
 */
export function observeSound({ channels }: Sound, { observe }: Pick<Call, 'observe'>): void {
  const total = channels.reduce((sum, { length }) => sum + length, 0);
  if (total === 0) return;
  const stride = Math.max(1, Math.floor(total / SAMPLED));
  let squares = 0;
  let clipped = 0;
  let count = 0;
  for (const samples of channels) {
    for (let i = 0; i < samples.length; i += stride) {
      const sample = samples[i] as number;
      squares += sample * sample;
      if (Math.abs(sample) >= CLIPPED) clipped += 1;
      count += 1;
    }
  }
  observe('level', Math.max(FAINTEST_DB, 10 * Math.log10(squares / count)));
  observe('clipped', clipped / count);
}
