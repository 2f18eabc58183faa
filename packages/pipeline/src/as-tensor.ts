import { NearsideError } from '@nearside/core';
import type { Step } from './step.js';

/** A row becomes FP32 [1, columns] at the end of the steps. */
export const ROW_AS_TENSOR: Step<never, 'row'>['asTensor'] = {
  form: ({ columns }) => ({ datatype: 'FP32', shape: [1, columns] }),
  make(row) {
    const data = Float32Array.from(row);
    const column = data.findIndex((number) => !Number.isFinite(number));
    if (column === -1) return { datatype: 'FP32', shape: [1, data.length], data };
    throw new NearsideError(
      'input-invalid',
      `Expected numbers that 32 bits can hold, got a larger one for column ${column}.`,
      { details: { column } },
    );
  },
};

/** Sound of one channel becomes FP32 [1, samples]; of others there is no tensor. */
export const SOUND_AS_TENSOR: Step<never, 'sound'>['asTensor'] = {
  form: ({ channels, samples = -1 }) =>
    channels === 1 ? { datatype: 'FP32', shape: [1, samples] } : undefined,
  make({ channels: [data = new Float32Array()] }) {
    return { datatype: 'FP32', shape: [1, data.length], data }; // often a view of a longer sound, which nobody writes to
  },
};
