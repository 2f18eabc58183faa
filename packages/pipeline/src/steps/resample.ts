import * as v from 'valibot';
import { SOUND_AS_TENSOR } from '../as-tensor.js';
import { keepLastFilter, openResampler } from '../audio/resampler.js';
import { SOUND_LIMITS } from '../audio/sound.js';
import { defineStep, type Forms, Misfit } from '../step.js';

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
  asTensor: SOUND_AS_TENSOR,
  form(sound, { sampling_rate }) {
    requireUncut(sound);
    return { channels: sound.channels, sampleRateHz: sampling_rate, samples: undefined };
  },
  compile: ({ sampling_rate }) => {
    const filterOf = keepLastFilter();
    return () => {
      const resample = openResampler(sampling_rate, filterOf);
      return (items, { isWhole }) =>
        items.map(({ value, trace }) => ({ value: resample(value, isWhole), trace }));
    };
  },
});

/** For steps that carry on from one piece of sound to the next: frames overlap, and do not follow each other. */
export function requireUncut({ samples }: Forms['sound']): void {
  if (samples !== undefined) throw new Misfit('sound before it is cut into frames', 'frames');
}
