import { callerOutputs, initialState, type ModelSpec, type Tensors } from '@nearside/core';
import type { BackendSession } from '../backends/backend.js';

/**
 * Runs that carry the model's state: each begins with what the one before it left, the first with
 * zeros. A run that fails leaves the state as it was. State is not among the outputs.
 */
export function carryState(session: BackendSession, spec: ModelSpec): BackendSession['run'] {
  const pairs = spec.state ?? [];
  const given = callerOutputs(spec);
  let state = initialState(spec);
  return async (inputs) => {
    const outputs = await session.run({ ...inputs, ...state });
    state = pick(
      outputs,
      pairs.map(({ input, output }) => [input, output]),
    );
    return pick(
      outputs,
      given.map(({ name }) => [name, name]),
    );
  };
}

function pick(tensors: Tensors, names: readonly (readonly [string, string])[]): Tensors {
  return Object.fromEntries(names.map(([as, name]) => [as, tensors[name]])) as Tensors;
}
