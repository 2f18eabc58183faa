import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  arrayFromBytes,
  callerInputs,
  elementCount,
  formatShape,
  type Golden,
  type ModelSpec,
  type StoredTensor,
  type TensorSpec,
} from '@nearside/core';
import { modelInvalid, requireSameNames, requireUnique } from './model-invalid.js';

/**
 * Checks that every golden case could be run and passed by every variant: inputs as the spec
 * declares them, a tolerance, and all outputs, state among them, as finite numbers of the declared
 * shape. State that a case does not give is zeros.
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
  for (const { name, inputs, expected } of golden.cases) {
    const where = `golden.json, case '${name}'`;
    requireSameNames(`${where}, expected`, Object.keys(expected), variants);
    const caller = callerInputs(spec);
    const given = spec.inputs.filter((tensor) => caller.includes(tensor) || inputs[tensor.name]);
    await checkStored(directory, `${where}, inputs`, inputs, given);
    for (const [variant, outputs] of Object.entries(expected)) {
      await checkStored(directory, `${where}, expected of '${variant}'`, outputs, spec.outputs);
    }
  }
}

async function checkStored(
  directory: string,
  where: string,
  stored: Readonly<Record<string, StoredTensor>>,
  specs: readonly TensorSpec[],
): Promise<void> {
  requireSameNames(
    where,
    Object.keys(stored),
    specs.map(({ name }) => name),
  );
  for (const spec of specs) {
    const tensor = stored[spec.name];
    if (tensor) await checkTensor(directory, `${where}, '${spec.name}'`, tensor, spec);
  }
}

async function checkTensor(
  directory: string,
  where: string,
  { datatype, shape, file }: StoredTensor,
  spec: TensorSpec,
): Promise<void> {
  if (datatype !== spec.datatype) throw mismatch(where, spec.datatype, datatype);
  if (!fits(shape, spec.shape)) {
    throw mismatch(where, `shape ${formatShape(spec.shape)}`, formatShape(shape));
  }
  const bytes = new Uint8Array(await readFile(join(directory, file)));
  const sizeBytes = elementCount(shape) * elementBytes(datatype);
  if (bytes.length !== sizeBytes) {
    throw mismatch(where, `${sizeBytes} bytes in ${file}`, bytes.length);
  }
  const values = arrayFromBytes(datatype, bytes.buffer);
  if (values instanceof Float32Array || values instanceof Float64Array) {
    const infinite = values.find((value) => !Number.isFinite(value));
    if (infinite !== undefined) throw mismatch(where, `finite numbers in ${file}`, infinite);
  }
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
