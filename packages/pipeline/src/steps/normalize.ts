import * as v from 'valibot';
import type { Image } from '../image/image.js';
import { perLevel } from '../image/per-level.js';
import { requireOneEach } from '../require-one-each.js';
import { defineStep, each } from '../step.js';

/**
 * (value − mean[c]) / std[c] for each channel c, every operation in float32 as numpy, PyTorch and
 * Hugging Face compute it, so the result is theirs bit for bit.
 *
 * @throws RangeError unless `mean` and `std` have one value a channel and no `std` is zero
 */
export function normalize(image: Image, mean: readonly number[], std: readonly number[]): Image {
  const { channels } = image;
  if (mean.length !== channels || std.length !== channels) {
    throw new RangeError(
      `normalize: expected ${channels} values in mean and std, one a channel, got ${mean.length} and ${std.length}.`,
    );
  }
  if (std.includes(0)) throw new RangeError('normalize: expected no zero in std.');
  return perLevel(image, ({ data: values }) => {
    const data = new Float32Array(values.length);
    for (let c = 0; c < channels; c++) {
      const channelMean = Math.fround(mean[c] as number);
      const channelStd = Math.fround(std[c] as number);
      for (let i = c; i < data.length; i += channels) {
        // A float32 operation in double, rounded once, is that float32 operation.
        data[i] = Math.fround((values[i] as number) - channelMean) / channelStd;
      }
    }
    return data;
  });
}

const ChannelValuesSchema = v.pipe(v.array(v.number()), v.minLength(1), v.maxLength(4));

/** {@link normalize}, as a step. */
export const normalizeStep = defineStep({
  name: 'normalize',
  parameters: v.strictObject({ image_mean: ChannelValuesSchema, image_std: ChannelValuesSchema }),
  takes: 'image',
  gives: 'image',
  form(image, { image_mean, image_std }) {
    requireOneEach(image.channels, { image_mean, image_std });
    return { ...image, depth: 'floats' };
  },
  compile: ({ image_mean, image_std }) =>
    each<'image', 'image'>((image) => normalize(image, image_mean, image_std)),
});
