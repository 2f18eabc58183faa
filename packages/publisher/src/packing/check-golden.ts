import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  arrayFromBytes,
  callerInputs,
  elementCount,
  float16ToNumber,
  formatShape,
  type Golden,
  type ModelSpec,
  type StoredTensor,
  type TensorSpec,
} from '@nearside/core';
import { checkTolerance } from './check-tolerance.js';
import { modelInvalid, requireSameNames, requireUnique } from './model-invalid.js';

/**
 * Checks that every golden case could be run and passed by every variant, and not by what computes
 * nothing: inputs as the spec declares them, a tolerance that is not too wide ({@link checkTolerance}),
 * and all outputs, state among them, as finite numbers of the declared shape. State that a case does
 * not give is zeros.
 *
 * @throws NearsideError `model-invalid`, naming the case, expected and got
 */
export async function checkGolden(
  directory: string,
  spec: ModelSpec,
  golden: Golden,
): Promise<void> {
  const variants = spec.variants.map(({ name }) => name);
  requireSameNames('golden.json, tolerance', Object.keys(golden.tolerance), variants);
  requireUnique(
    'golden.json, cases',
    golden.cases.map(({ name }) => name),
  );
  const tensors: (StoredValues & { readonly variant: string; readonly case: string })[] = [];
  for (const { name, inputs, expected } of golden.cases) {
    const where = `golden.json, case '${name}'`;
    requireSameNames(`${where}, expected`, Object.keys(expected), variants);
    const caller = callerInputs(spec);
    const given = spec.inputs.filter(
      (input) => caller.includes(input) || (input.value === undefined && inputs[input.name]),
    );
    await checkStored(directory, `${where}, inputs`, inputs, given);
    for (const [variant, outputs] of Object.entries(expected)) {
      const what = `${where}, expected of '${variant}'`;
      for (const tensor of await checkStored(directory, what, outputs, spec.outputs)) {
        tensors.push({ ...tensor, variant, case: name });
      }
    }
  }
  for (const [variant, tolerance] of Object.entries(golden.tolerance)) {
    for (const { name: output, datatype } of spec.outputs) {
      const own = tensors.filter((tensor) => tensor.variant === variant && tensor.name === output);
      const cases = own.map((tensor) => tensor.case);
      const values = own.map((tensor) => tensor.values);
      checkTolerance(tolerance, { variant, output, datatype, cases, values });
    }
  }
}

interface StoredValues {
  readonly name: string;
  readonly values: ArrayLike<number>;
}

async function checkStored(
  directory: string,
  where: string,
  stored: Readonly<Record<string, StoredTensor>>,
  specs: readonly TensorSpec[],
): Promise<StoredValues[]> {
  requireSameNames(
    where,
    Object.keys(stored),
    specs.map(({ name }) => name),
  );
  const tensors: StoredValues[] = [];
  for (const spec of specs) {
    const tensor = stored[spec.name];
    if (!tensor) continue;
    const values = await readFinite(directory, `${where}, '${spec.name}'`, tensor, spec);
    tensors.push({ name: spec.name, values });
  }
  return tensors;
}

async function readFinite(
  directory: string,
  where: string,
  { datatype, shape, file }: StoredTensor,
  spec: TensorSpec,
): Promise<ArrayLike<number>> {
  if (datatype !== spec.datatype) throw mismatch(where, spec.datatype, datatype);
  if (!fits(shape, spec.shape)) {
    throw mismatch(where, `shape ${formatShape(spec.shape)}`, formatShape(shape));
  }
  const bytes = new Uint8Array(await readFile(join(directory, file)));
  const sizeBytes = elementCount(shape) * elementBytes(datatype);
  if (bytes.length !== sizeBytes) {
    throw mismatch(where, `${sizeBytes} bytes in ${file}`, bytes.length);
  }
  const values = numbersOf(datatype, bytes.buffer);
  const infinite = values.find((value) => !Number.isFinite(value));
  if (infinite !== undefined) throw mismatch(where, `finite numbers in ${file}`, infinite);
  return values;
}

/** Raw values as the numbers that they stand for; of 64-bit integers the nearest doubles. */
function numbersOf(datatype: StoredTensor['datatype'], bytes: ArrayBuffer): Float64Array {
  const raw = arrayFromBytes(datatype, bytes) as ArrayLike<number | bigint>;
  const toNumber =
    datatype === 'FP16' ? (bits: number | bigint) => float16ToNumber(Number(bits)) : Number;
  return Float64Array.from(raw, toNumber);
}

function fits(shape: readonly number[], declared: readonly number[]): boolean {
  return (
    shape.length === declared.length &&
    shape.every((axis, i) => declared[i] === -1 || declared[i] === axis)
  );
}

function elementBytes(datatype: StoredTensor['datatype']): number {
  const empty = arrayFromBytes(datatype, new ArrayBuffer(0));
  return 'BYTES_PER_ELEMENT' in empty ? empty.BYTES_PER_ELEMENT : 0;
}

function mismatch(where: string, expected: string, got: unknown) {
  return modelInvalid(`${where}: expected ${expected}, got ${got}.`, { where, expected, got });
}
