import { callerInputs, checkTensors, type ModelSpec, type Tensors } from '@nearside/core';

/**
 * Says what is wrong with tensors that do not fit.
 *
 * @throws NearsideError `input-invalid` or `input-detached`
 */
export function refuseTensors(tensors: Tensors, spec: ModelSpec): void {
  checkTensors(tensors, callerInputs(spec));
}
