import { callerInputs, callerOutputs, type ModelSpec } from '@nearside/core';

/** Whether calls written for one version fit another: the same task, and inputs and outputs but for state. */
export function sameInterface(a: ModelSpec, b: ModelSpec): boolean {
  return describe(a) === describe(b);
}

function describe(spec: ModelSpec): string {
  const tensors = (list: ModelSpec['inputs']) =>
    list.map(({ name, datatype, shape }) => [name, datatype, shape]);
  return JSON.stringify([spec.task, tensors(callerInputs(spec)), tensors(callerOutputs(spec))]);
}
