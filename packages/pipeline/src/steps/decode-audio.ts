import * as v from 'valibot';
import { type AudioInput, decodeAudio } from '../audio/decode-audio.js';
import { observeSound } from '../audio/observe-sound.js';
import { defineStep } from '../step.js';

/** Sound in any form that {@link decodeAudio} reads → samples of each channel at its own rate. */
export const decodeAudioStep = defineStep({
  name: 'decode-audio',
  parameters: v.strictObject({}),
  takes: 'input',
  gives: 'sound',
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
