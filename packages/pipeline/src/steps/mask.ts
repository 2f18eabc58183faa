import * as v from 'valibot';
import { describeTensor } from '../describe-form.js';
import { type Mask, MaskSchema, maskOfPicture, requireSize } from '../mask.js';
import { type FloatTensor, firstTensor, requireFirst } from '../read-tensor.js';
import { defineStep, Misfit } from '../step.js';

/** A map that the step reads. */
interface MapForm {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2;
  /** From a pixel to the next, and from a pixel's first channel to its second. */
  readonly strides: readonly [pixel: number, channel: number];
}

/** The channels are the last axis where that is 1 or 2, else the second. */
function formOf(shape: readonly number[]): MapForm | undefined {
  const [, second = 0, third = 0, last = 0] = shape;
  if (shape.length !== 4) return undefined;
  if (last === 1 || last === 2) {
    return { width: third, height: second, channels: last, strides: [last, 1] };
  }
  if (second !== 1 && second !== 2) return undefined;
  return { width: last, height: third, channels: second, strides: [1, third * last] };
}

const ACTIVATIONS = ['none', 'sigmoid', 'softmax'] as const;
type Activation = (typeof ACTIVATIONS)[number];

/**
 * How sure a model is of each pixel, of two classes of the second → 255 times that, the nearest whole number. Numbers
 * below 0 and above 1 are 0 and 255.
 *
 * @param activation `sigmoid` for one channel of logits, `softmax` for two
 */
export function levels({ shape, data }: FloatTensor, activation: Activation): Mask {
  const { width, height, channels, strides } = formOf(shape) as MapForm;
  const [step, channel] = strides;
  const isLogits = activation !== 'none';
  const out = new Uint8ClampedArray(width * height);
  for (let pixel = 0, i = 0; pixel < out.length; pixel++, i += step) {
    const first = data[i] as number;
    const value = channels === 1 ? first : (data[i + channel] as number);
    const logit = activation === 'softmax' ? value - first : value;
    out[pixel] = 255 * (isLogits ? 1 / (1 + Math.exp(-logit)) : value);
  }
  return { width, height, data: new Uint8Array(out.buffer) };
}

/** A map of how sure the model is of each pixel → a mask of 8 bits a pixel ({@link levels}). */
export const maskStep = defineStep({
  name: 'mask',
  parameters: v.strictObject({
    ...MaskSchema.entries,
    activation: v.optional(v.picklist(ACTIVATIONS), 'none'),
  }),
  takes: 'outputs',
  gives: 'output',
  form(outputs, { size, activation }, context) {
    requireSize(size, context);
    requireFirst(outputs, (tensor) => {
      const map = formOf(tensor.shape);
      const channels = { none: map?.channels, sigmoid: 1, softmax: 2 }[activation];
      if (tensor.datatype === 'FP32' && map && map.channels === channels) return;
      throw new Misfit(
        {
          none: 'FP32 [1, height, width, 1 or 2] or [1, 1 or 2, height, width]',
          sigmoid: 'FP32 [1, height, width, 1] or [1, 1, height, width] for a sigmoid',
          softmax: 'FP32 [1, height, width, 2] or [1, 2, height, width] for a softmax',
        }[activation],
        describeTensor(tensor),
      );
    });
    return {};
  },
  compile:
    ({ size, activation }, { form }) =>
    () =>
    (items, call) =>
      items.map(({ value, trace }) => {
        const mask = levels(firstTensor(value, form), activation);
        call.observe('masked', shareOf(mask));
        return { value: size === 'model' ? mask : maskOfPicture(mask, trace, 'levels'), trace };
      }),
});

/** The share of pixels that are more sure than not. */
function shareOf({ data }: Mask): number {
  let count = 0;
  for (const level of data) if (level > 127) count++;
  return count / data.length;
}
