import { describe, formatShape } from './describe.js';
import { NearsideError } from './errors.js';
import {
  arrayTypeName,
  elementCount,
  isArrayOf,
  type Tensor,
  type TensorSpec,
  type Tensors,
} from './tensor.js';
import { shapeFits } from './tensors-fit.js';

/**
 * Checks tensors that come from outside against what a model declares: every declared name, no
 * other, its datatype, its array, its shape and its element count. Typed arrays must be attached.
 *
 * @throws NearsideError `input-invalid` or `input-detached`, naming the tensor, expected and got
 */
export function checkTensors(tensors: unknown, specs: readonly TensorSpec[]): void {
  if (typeof tensors !== 'object' || tensors === null) {
    throw invalid('tensors', 'an object of tensors by name', describe(tensors));
  }
  const names = specs.map((spec) => spec.name);
  const given: Readonly<Record<string, unknown>> = { ...tensors };
  for (const name of Object.keys(given)) {
    if (!names.includes(name)) throw invalid('tensors', `only ${names.join(', ')}`, name);
  }
  for (const spec of specs) checkTensor(given[spec.name], spec);
}

function checkTensor(value: unknown, spec: TensorSpec): void {
  const { name, datatype } = spec;
  if (typeof value !== 'object' || value === null) {
    throw invalid(name, `{ datatype: '${datatype}', shape, data }`, describe(value));
  }
  const { datatype: gotDatatype, shape, data: gotData } = value as Partial<Tensor>;
  if (gotDatatype !== datatype) throw invalid(name, datatype, describe(gotDatatype));
  if (!Array.isArray(shape) || !shapeFits(shape, spec.shape)) {
    const got = Array.isArray(shape) ? `[${shape.join(', ')}]` : describe(shape);
    throw invalid(name, `shape ${formatShape(spec.shape)}`, got);
  }
  if (!isArrayOf(datatype, gotData)) {
    throw invalid(name, `data in a ${arrayTypeName(datatype)}`, describeData(gotData));
  }
  const data = gotData as { length: number; buffer?: ArrayBuffer };
  const expected = elementCount(shape);
  if (data.length === 0 && expected > 0 && data.buffer?.byteLength === 0) {
    throw new NearsideError(
      'input-detached',
      `The data of tensor '${name}' was transferred away and is empty now. Pass a live array.`,
      { details: { tensor: name } },
    );
  }
  if (data.length !== expected) {
    throw invalid(name, `${expected} elements for shape [${shape.join(', ')}]`, data.length);
  }
  if (datatype === 'BYTES') checkTexts({ [name]: value as Tensor<'BYTES'> });
}

/**
 * Checks what tensors of text hold. ONNX Runtime in browsers takes a text up to a U+0000 (1.30), and fails for what is
 * none, with all that runs beside it.
 *
 * @throws NearsideError `input-invalid`
 */
export function checkTexts(tensors: Tensors): void {
  for (const [name, { datatype, data }] of Object.entries(tensors)) {
    if (datatype !== 'BYTES') continue;
    for (const item of data) {
      if (typeof item === 'string' && !item.includes('\0')) continue;
      const got = typeof item === 'string' ? 'one with it' : describe(item);
      throw invalid(name, 'strings without the character U+0000', got);
    }
  }
}

/** An object that only looks like its typed array is mostly a Proxy that a framework made of one. */
function describeData(data: unknown): string {
  const name = describe(data);
  return name.endsWith('Array') && !Array.isArray(data) && !ArrayBuffer.isView(data)
    ? `a Proxy of a ${name}, or something else that is none itself`
    : name;
}

function invalid(tensor: string, expected: string, got: unknown): NearsideError {
  return new NearsideError(
    'input-invalid',
    `Tensor '${tensor}': expected ${expected}, got ${String(got)}.`,
    { details: { tensor, expected, got } },
  );
}
