import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  arrayFromBytes,
  callerInputs,
  casesOfStage,
  elementBytes,
  elementCount,
  formatShape,
  type Golden,
  type ModelSpec,
  numbersOf,
  type SeededTensor,
  type Stage,
  type StoredOutput,
  seededTensor,
  shapeFits,
  stagesOf,
  type Tensor,
  type TensorSpec,
  type Tolerance,
  toleranceOf,
  trivialAnswer,
} from '@nearside/core';
import { modelInvalid, namesOf, requireSameNames, requireUnique } from '../errors/model-invalid.js';
import { requireDrawable } from './seeded-inputs.js';

/**
 * Checks that every variant could run and pass every golden case, and that nothing trivial could: inputs fit the
 * spec, the tolerance is not too wide ({@link trivialAnswer}), and all outputs, state included, are finite numbers
 * of the declared shape. Missing state is zeros. Every stage has a case, and the inputs to warm up with fit too.
 *
 * @returns sentences about variants of which the cases prove nothing
 * @throws NearsideError `model-invalid`, naming the case, expected and got
 */
export async function checkGolden(
  directory: string,
  spec: ModelSpec,
  golden: Golden,
): Promise<string[]> {
  const stages = stagesOf(spec);
  requireSameNames('golden.json, tolerance', Object.keys(golden.tolerance), namesOf(spec.variants));
  requireUnique('golden.json, cases', namesOf(golden.cases));
  requireSameNames(
    'golden.json, stages of the cases',
    [...new Set(golden.cases.map(({ stage = '' }) => stage))],
    namesOf(stages),
  );
  const notes: string[] = [];
  for (const stage of stages) notes.push(...(await checkStage(directory, stage, { spec, golden })));
  return notes;
}

async function checkStage(
  directory: string,
  stage: Stage,
  { spec, golden }: { spec: ModelSpec; golden: Golden },
): Promise<string[]> {
  const tensors: (StoredValues & { readonly variant: string; readonly case: string })[] = [];
  const caller = callerInputs(stage);
  for (const [i, { name, inputs, warmUp, expected }] of casesOfStage(golden, stage).entries()) {
    const where = `golden.json, case '${name}'`;
    requireSameNames(`${where}, expected`, Object.keys(expected), namesOf(spec.variants));
    const given = (tensors: Record<string, unknown>) =>
      stage.inputs.filter(
        (input) => caller.includes(input) || (input.value === undefined && tensors[input.name]),
      );
    await checkStored(directory, `${where}, inputs`, inputs, given(inputs));
    if (warmUp && i > 0) throw mismatch(where, "warmUp in a stage's first case alone", 'one here');
    if (warmUp) {
      await checkStored(directory, `${where}, warmUp`, warmUp, given(warmUp));
    }
    for (const [variant, outputs] of Object.entries(expected)) {
      const what = `${where}, expected of '${variant}'`;
      for (const tensor of await checkStored(directory, what, outputs, stage.outputs)) {
        tensors.push({ ...tensor, variant, case: name });
      }
    }
  }
  for (const [variant, tolerance] of Object.entries(golden.tolerance)) {
    for (const { name: output, datatype } of stage.outputs) {
      const own = tensors.filter((tensor) => tensor.variant === variant && tensor.name === output);
      const cases = own.map((tensor) => tensor.case);
      const values = own.map((tensor) => tensor.values);
      const bounds = toleranceOf(tolerance, stage, output);
      const trivial = trivialAnswer(bounds, { datatype, values });
      if (trivial) throw tooWide(trivial, bounds, { variant, output, cases });
    }
  }
  const isZero = ({ values }: StoredValues) =>
    Array.prototype.every.call(values, (value) => value === 0);
  return namesOf(spec.variants)
    .filter((variant) => tensors.every((tensor) => tensor.variant !== variant || isZero(tensor)))
    .map(onlyZeros);
}

function onlyZeros(variant: string): string {
  return (
    `All golden answers of variant '${variant}' are 0 everywhere: a device that computes nothing passes them. Draw other ` +
    'inputs with `--range`, or write some to which the model answers something into golden.json.'
  );
}

function tooWide(
  answer: 'zero' | 'one number',
  { abs, rel }: Tolerance,
  { variant, output, cases }: { variant: string; output: string; cases: readonly string[] },
) {
  return modelInvalid(
    `golden.json, tolerance of '${variant}': expected right values of the output '${output}' to pass ` +
      `and wrong ones to fail, got abs ${abs} and rel ${rel}, with which ${answer} everywhere passes ` +
      `${cases.map((name) => `case '${name}'`).join(', ')}. Make abs smaller. If other outputs have ` +
      'larger values, a rel above 0 allows them more.',
    { variant, output, cases, abs, rel },
  );
}

interface StoredValues {
  readonly name: string;
  readonly values: ArrayLike<number>;
}

async function checkStored(
  directory: string,
  where: string,
  stored: Readonly<Record<string, StoredOutput | SeededTensor>>,
  specs: readonly TensorSpec[],
): Promise<StoredValues[]> {
  requireSameNames(where, Object.keys(stored), namesOf(specs));
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
  stored: StoredOutput | SeededTensor,
  spec: TensorSpec,
): Promise<ArrayLike<number>> {
  const { datatype, shape } = stored;
  if (datatype !== spec.datatype) throw mismatch(where, spec.datatype, datatype);
  if (!shapeFits(shape, spec.shape)) {
    throw mismatch(where, `shape ${formatShape(spec.shape)}`, formatShape(shape));
  }
  if ('seed' in stored) {
    requireDrawable(where, stored);
    return numbersOf(seededTensor(stored));
  }
  const { file, every = 1 } = stored;
  const bytes = new Uint8Array(await readFile(join(directory, file)));
  const sizeBytes = Math.ceil(elementCount(shape) / every) * elementBytes(datatype);
  if (bytes.length !== sizeBytes) {
    throw mismatch(where, `${sizeBytes} bytes in ${file}`, bytes.length);
  }
  const values = numbersOf({
    datatype,
    shape,
    data: arrayFromBytes(datatype, bytes.buffer),
  } as Tensor);
  const infinite = values.find((value) => !Number.isFinite(value));
  if (infinite !== undefined) throw mismatch(where, `finite numbers in ${file}`, infinite);
  return values;
}

function mismatch(where: string, expected: string, got: unknown) {
  return modelInvalid(`${where}: expected ${expected}, got ${got}.`, { where, expected, got });
}
