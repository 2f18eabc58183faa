import * as v from 'valibot';
import { describeTensor } from '../describe-form.js';
import { type FloatTensor, firstTensor, requireFirst } from '../read-tensor.js';
import { defineStep, each, Misfit } from '../step.js';

/** Which class each pixel is of, at the model's own size. */
export interface ClassMask {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** [height, width] */
  readonly mask: Uint8Array;
}

/** Scores [1, C, H, W] → the class with the best one at each pixel, the first of equal ones. */
export function argmax({ shape, data }: FloatTensor): ClassMask {
  const [, classes = 0, height = 0, width = 0] = shape;
  const pixels = width * height;
  const mask = new Uint8Array(pixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    let best = 0;
    for (let c = 1; c < classes; c++) {
      if ((data[c * pixels + pixel] as number) > (data[best * pixels + pixel] as number)) best = c;
    }
    mask[pixel] = best;
  }
  return { width, height, mask };
}

/** {@link argmax}, as a step. */
export const argmaxStep = defineStep({
  name: 'argmax',
  parameters: v.strictObject({}),
  takes: 'outputs',
  gives: 'output',
  form(outputs) {
    requireFirst(outputs, (tensor) => {
      const { datatype, shape } = tensor;
      if (datatype === 'FP32' && shape.length === 4 && (shape[1] ?? 0) <= 256) return;
      throw new Misfit(
        'FP32 [1, classes, height, width] of at most 256 classes',
        describeTensor(tensor),
      );
    });
    return {};
  },
  compile: (_, { form }) =>
    each<'outputs', 'output'>((outputs) => argmax(firstTensor(outputs, form))),
});
