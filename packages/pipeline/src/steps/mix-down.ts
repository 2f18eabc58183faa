import * as v from 'valibot';
import { SOUND_AS_TENSOR } from '../as-tensor.js';
import type { Sound } from '../audio/sound.js';
import { defineStep, each } from '../step.js';

/** The mean of all channels, in double and then rounded to 32 bits: n × [samples] → [samples]. */
export function mixDown({ channels, sampleRateHz }: Sound): Sound {
  if (channels.length === 1) return { channels, sampleRateHz };
  const mixed = new Float32Array(channels[0]?.length ?? 0);
  for (let i = 0; i < mixed.length; i++) {
    let sum = 0;
    for (const samples of channels) sum += samples[i] as number;
    mixed[i] = sum / channels.length;
  }
  return { channels: [mixed], sampleRateHz };
}

/** {@link mixDown}, as a step. */
export const mixDownStep = defineStep({
  name: 'mix-down',
  parameters: v.strictObject({}),
  takes: 'sound',
  gives: 'sound',
  asTensor: SOUND_AS_TENSOR,
  form: (sound) => ({ ...sound, channels: 1 }),
  compile: () => each<'sound', 'sound'>(mixDown),
});
