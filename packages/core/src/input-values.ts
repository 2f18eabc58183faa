import { formatShape } from './describe.js';
import { NearsideError } from './errors.js';
import {
  arrayFromBytes,
  elementCount,
  type NumericDatatype,
  type Tensor,
  type TensorSpec,
  type Tensors,
} from './tensor.js';

/** The inputs that are the same in every run, by name. The spec declares them with a `value`. */
export function constantInputs({ inputs }: { readonly inputs: readonly TensorSpec[] }): Tensors {
  const constant = inputs.filter(({ value }) => value !== undefined);
  return Object.fromEntries(constant.map((input) => [input.name, constantTensor(input)]));
}

/** A tensor of numbers and of a fixed shape, filled with its `value`. */
export function constantTensor({ datatype, shape, value = [] }: TensorSpec): Tensor {
  const numbers = typeof value === 'number' ? [value] : value;
  const count = elementCount(shape);
  const bytes = new ArrayBuffer(count * 8);
  const data = arrayFromBytes(datatype as NumericDatatype, bytes).slice(0, count) as Tensor['data'];
  for (let i = 0; i < count; i += 1) {
    const number = numbers[numbers.length === 1 ? 0 : i] as number;
    data[i] = datatype === 'INT64' ? BigInt(number) : number;
  }
  return { datatype, shape, data } as Tensor;
}

/** Datatypes whose values JSON cannot say: half floats are bits, and text is no number. */
const WITHOUT_VALUES = ['FP16', 'BYTES'];

/**
 * Checks that every `value` is one number, or one for each element, of an input of a fixed shape that is no state.
 *
 * @throws NearsideError `metadata-malformed`
 */
export function checkInputValues({
  inputs,
  state = [],
}: {
  readonly inputs: readonly TensorSpec[];
  readonly state?: readonly { readonly input: string }[] | undefined;
}): void {
  for (const { name, datatype, shape, value } of inputs) {
    if (value === undefined) continue;
    if (state.some(({ input }) => input === name))
      throw malformed(name, 'state or a value', 'both');
    if (shape.includes(-1) || WITHOUT_VALUES.includes(datatype)) {
      throw malformed(name, 'numbers of a fixed shape', `${datatype} ${formatShape(shape)}`);
    }
    const numbers = typeof value === 'number' ? [value] : value;
    const count = elementCount(shape);
    if (numbers.length !== 1 && numbers.length !== count) {
      throw malformed(name, `one number or ${count}`, numbers.length);
    }
    const wrong = numbers.find((number) => !holds(datatype as NumericDatatype, number));
    if (wrong !== undefined) throw malformed(name, `numbers that ${datatype} can hold`, wrong);
  }
  const isAsked = inputs.some(
    ({ name, value }) => value === undefined && !state.some(({ input }) => input === name),
  );
  const [first] = inputs;
  if (first && !isAsked) throw malformed(first.name, 'an input without one for the caller', 'none');
}

/** @returns true for a number that the datatype gives back as it was; floats may round it */
function holds(datatype: NumericDatatype, number: number): boolean {
  if (datatype === 'INT64') return Number.isSafeInteger(number);
  const [element] = constantTensor({ name: '', datatype, shape: [1], value: number }).data;
  if (datatype.startsWith('FP')) return Number.isFinite(element);
  return Number(element) === number && (datatype !== 'BOOL' || number === 0 || number === 1);
}

function malformed(name: string, expected: string, got: unknown): NearsideError {
  return new NearsideError(
    'metadata-malformed',
    `model.json, input '${name}', value: expected ${expected}, got ${got}.`,
    { details: { what: 'model.json', path: 'inputs', input: name, expected, got } },
  );
}
