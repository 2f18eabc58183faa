import { formatShape } from './describe.js';
import { NearsideError } from './errors.js';
import { constantTensor } from './input-values.js';
import type { TensorSpec, Tensors } from './tensor.js';

/** The tensors of a model, and the outputs that are fed back as inputs with the next frame. */
interface StatefulTensors<Spec> {
  readonly inputs: readonly Spec[];
  readonly outputs: readonly Spec[];
  readonly state?: readonly { readonly input: string; readonly output: string }[] | undefined;
}

/** The inputs that a caller gives: all but state and constants. */
export function callerInputs<Spec extends TensorSpec>({
  inputs,
  state = [],
}: Pick<StatefulTensors<Spec>, 'inputs' | 'state'>): Spec[] {
  return inputs.filter(
    ({ name, value }) => value === undefined && state.every((pair) => pair.input !== name),
  );
}

/** The outputs that a caller gets: all but state. */
export function callerOutputs<Spec extends TensorSpec>({
  outputs,
  state = [],
}: Pick<StatefulTensors<Spec>, 'outputs' | 'state'>): Spec[] {
  return outputs.filter(({ name }) => state.every((pair) => pair.output !== name));
}

/** The state before the first frame, by input: zeros. Empty for a model without state. */
export function initialState({
  inputs,
  state = [],
}: Pick<StatefulTensors<TensorSpec>, 'inputs' | 'state'>): Tensors {
  return Object.fromEntries(
    state.map(({ input }) => {
      const spec = inputs.find(({ name }) => name === input) as TensorSpec; // or it was refused
      return [input, constantTensor({ ...spec, value: 0 })];
    }),
  );
}

/**
 * Checks that every pair names an input and an output of one datatype and one fixed shape, each once,
 * and that something is left for the caller.
 *
 * @throws NearsideError `metadata-malformed`
 */
export function checkState(spec: StatefulTensors<TensorSpec> & { readonly batch?: unknown }): void {
  const { inputs, outputs, state, batch } = spec;
  if (!state) return;
  for (const { input, output } of state) {
    const from = requireOne(inputs, { name: input, among: 'inputs' });
    const to = requireOne(outputs, { name: output, among: 'outputs' });
    if (describe(from) !== describe(to)) {
      throw malformed(
        `'${input}' and '${output}' to be alike`,
        `${describe(from)}, ${describe(to)}`,
      );
    }
    if (from.shape.includes(-1) || from.datatype === 'BYTES') {
      throw malformed(`'${input}' to be numbers of a fixed shape`, describe(from));
    }
  }
  const names = (side: 'input' | 'output') => new Set(state.map((pair) => pair[side])).size;
  if (names('input') < state.length || names('output') < state.length) {
    throw malformed('every tensor in one pair', 'one in several');
  }
  if (callerInputs(spec).length === 0 || callerOutputs(spec).length === 0) {
    throw malformed('an input and an output that are no state', 'none');
  }
  if (batch) throw malformed('no `batch`, because frames run one after another', 'one');
}

function requireOne(
  tensors: readonly TensorSpec[],
  { name, among }: { name: string; among: string },
): TensorSpec {
  const found = tensors.find((tensor) => tensor.name === name);
  if (found) return found;
  throw malformed(`names of ${among}, ${tensors.map((tensor) => tensor.name).join(', ')}`, name);
}

function describe({ datatype, shape }: TensorSpec): string {
  return `${datatype} ${formatShape(shape)}`;
}

function malformed(expected: string, got: string): NearsideError {
  return new NearsideError(
    'metadata-malformed',
    `model.json, state: expected ${expected}, got ${got}.`,
    { details: { what: 'model.json', path: 'state', expected, got } },
  );
}
