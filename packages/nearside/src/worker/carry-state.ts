import {
  callerOutputs,
  constantInputs,
  initialState,
  type Stage,
  type Tensors,
} from '@nearside/core';
import type { BackendSession } from './backends/backend.js';

/**
 * Runs that carry the model's state: each begins with what the one before it left, the first with
 * zeros. A run that fails leaves the state as it was. State is not among the outputs.
 */
export function carryState(session: BackendSession, stage: Stage): BackendSession['run'] {
  const pairs = stage.state ?? [];
  const given = callerOutputs(stage);
  const constant = constantInputs(stage);
  let state = initialState(stage);
  return async (inputs) => {
    const outputs = await session.run({ ...inputs, ...constant, ...state });
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
