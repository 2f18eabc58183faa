import { describeTensor } from '../describe-form.js';
import { type Mask, MaskSchema, maskOfPicture, requireSize } from '../mask.js';
import { type FloatTensor, firstTensor, requireFirst } from '../read-tensor.js';
import { defineStep, Misfit } from '../step.js';

/** Scores [1, C, H, W] → the class with the best one at each pixel, the first of equal ones. */
export function argmax({ shape, data }: FloatTensor): Mask {
  const [, classes = 0, height = 0, width = 0] = shape;
  const pixels = width * height;
  const best = new Uint8Array(pixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    let found = 0;
    for (let c = 1; c < classes; c++) {
      if ((data[c * pixels + pixel] as number) > (data[found * pixels + pixel] as number))
        found = c;
    }
    best[pixel] = found;
  }
  return { width, height, data: best };
}

/** {@link argmax}, as a step. */
export const argmaxStep = defineStep({
  name: 'argmax',
  parameters: MaskSchema,
  takes: 'outputs',
  gives: 'output',
  form(outputs, { size }, context) {
    requireSize(size, context);
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
  compile:
    ({ size }, { form }) =>
    () =>
    (items) =>
      items.map(({ value, trace }) => {
        const classes = argmax(firstTensor(value, form));
        return {
          value: size === 'model' ? classes : maskOfPicture(classes, trace, 'classes'),
          trace,
        };
      }),
});
