import * as v from 'valibot';
import { SOUND_AS_TENSOR } from '../as-tensor.js';
import { openFramer } from '../audio/framer.js';
import { defineStep } from '../step.js';
import { requireUncut } from './resample.js';

const SamplesSchema = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000_000));

/** {@link openFramer}, as a step: sound → an item for each frame, whose trace says where in the stream it is. */
export const frameStep = defineStep({
  name: 'frame',
  parameters: v.strictObject({
    frame_length: SamplesSchema,
    hop_length: SamplesSchema,
    context: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10_000_000)), 0),
    pad: v.optional(v.boolean(), false),
  }),
  takes: 'sound',
  gives: 'sound',
  asTensor: SOUND_AS_TENSOR,
  items: 'many',
  form(sound, { frame_length, context }) {
    requireUncut(sound);
    return { ...sound, samples: context + frame_length };
  },
  compile:
    ({ frame_length, hop_length, context, pad }) =>
    () => {
      const sizes = { frameLength: frame_length, hopLength: hop_length };
      const frame = openFramer({ ...sizes, context, pad });
      return (items, { isWhole }) =>
        items.flatMap(({ value, trace }) =>
          frame(value, isWhole).map(({ sound, fromMs, toMs }) => ({
            value: sound,
            trace: { ...trace, span: { fromMs, toMs } },
          })),
        );
    },
});
