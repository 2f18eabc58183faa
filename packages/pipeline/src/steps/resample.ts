import * as v from 'valibot';
import { SOUND_LIMITS } from '../audio/decode-audio.js';
import { requireUncut } from '../audio/require-uncut.js';
import { keepLastFilter, openResampler } from '../audio/resampler.js';
import { defineStep } from '../step.js';

/** {@link openResampler}, as a step. A stream has no end: what needs later samples waits for them. */
export const resampleStep = defineStep({
  name: 'resample',
  parameters: v.strictObject({
    /** Hz */
    sampling_rate: v.pipe(
      v.number(),
      v.integer(),
      v.minValue(SOUND_LIMITS.minRateHz),
      v.maxValue(SOUND_LIMITS.maxRateHz),
    ),
  }),
  takes: 'sound',
  gives: 'sound',
  form(sound, { sampling_rate }) {
    requireUncut(sound);
    return { channels: sound.channels, sampleRateHz: sampling_rate, samples: undefined };
  },
  compile({ sampling_rate }) {
    const filterOf = keepLastFilter();
    return () => {
      const resample = openResampler(sampling_rate, filterOf);
      return (items, { isWhole }) =>
        items.map(({ value, trace }) => ({ value: resample(value, isWhole), trace }));
    };
  },
});
