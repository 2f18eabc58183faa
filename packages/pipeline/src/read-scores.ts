import { NearsideError, type TensorSpec, type Tensors } from '@nearside/core';
import { type SpecPlace, unfit } from './chain.js';
import { describeTensor } from './describe-form.js';
import type { Forms } from './step.js';

/**
 * A model gives scores as its first output that is no state.
 *
 * @param output undefined where only the model's file says what it is
 * @throws NearsideError `model-invalid` unless it is floats of shape [n, classes]
 */
export function scoresForm(output: TensorSpec | undefined, where: SpecPlace): Forms['scores'] {
  if (!output) return { classes: undefined };
  const { datatype, shape, name } = output;
  if (datatype !== 'FP32' && datatype !== 'FP64') {
    throw unfit(where, `output '${name}' to be FP32 or FP64`, describeTensor(output));
  }
  if (shape.length !== 2) {
    const expected = `output '${name}' to be of shape [n, classes]`;
    throw unfit(where, expected, describeTensor(output));
  }
  const [, classes = -1] = shape;
  return { classes: classes === -1 ? undefined : classes };
}

/**
 * The scores of one item, in double: [1, classes] → [classes].
 *
 * @param name of the output; the first by default
 * @throws RangeError for several items; NearsideError `backend-failed` for an output that is not there
 */
export function readScores(
  outputs: Tensors,
  name = Object.keys(outputs)[0],
): Float64Array<ArrayBuffer> {
  const tensor = name === undefined ? undefined : outputs[name];
  if (tensor?.datatype !== 'FP32' && tensor?.datatype !== 'FP64') {
    throw new NearsideError(
      'backend-failed',
      `Expected output '${name}' as FP32 or FP64, got ${tensor?.datatype ?? 'none'}.`,
      { details: { output: name, got: tensor?.datatype } },
    );
  }
  if (tensor.data.length !== tensor.shape.at(-1)) {
    throw new RangeError(
      `Expected one item of shape [1, classes] in '${name}', got [${tensor.shape.join(', ')}]. Split the batch first.`,
    );
  }
  return Float64Array.from(tensor.data);
}
