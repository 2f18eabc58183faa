import type { ModelSpec } from '@nearside/core';

/** Whether calls written for one version fit another: the same task, inputs and outputs. */
export function sameInterface(a: ModelSpec, b: ModelSpec): boolean {
  return describe(a) === describe(b);
}

function describe({ task, inputs, outputs }: ModelSpec): string {
  const tensors = (list: ModelSpec['inputs']) =>
    list.map(({ name, datatype, shape }) => [name, datatype, shape]);
  return JSON.stringify([task, tensors(inputs), tensors(outputs)]);
}
