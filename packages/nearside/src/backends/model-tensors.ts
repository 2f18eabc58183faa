import type { TensorSpec } from '@nearside/core';

/** What goes into a model and comes out of it. */
export interface ModelTensors {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/** The tensors a spec declares; for a list that it leaves empty, those of the file itself. */
export function declaredOr(
  { inputs, outputs }: ModelTensors,
  ofFile: (list: keyof ModelTensors) => readonly TensorSpec[],
): ModelTensors {
  return {
    inputs: inputs.length > 0 ? inputs : ofFile('inputs'),
    outputs: outputs.length > 0 ? outputs : ofFile('outputs'),
  };
}
