import {
  arrayFromBytes,
  casesOfStage,
  constantInputs,
  elementCount,
  float16ToNumber,
  type Golden,
  type GoldenCase,
  goldenFiles,
  initialState,
  type ModelSpec,
  NearsideError,
  type SeededTensor,
  type Stage,
  type StoredOutput,
  type StoredTensor,
  seededTensor,
  stagesOf,
  type Tensor,
  type Tensors,
  type Tolerance,
  toleranceOf,
  type Variant,
} from '@nearside/core';
import type { BackendSession, ModelFiles } from './backends/backend.js';

export interface GoldenCheckOptions {
  readonly spec: ModelSpec;
  readonly variant: Variant;
  /** The variant's files, golden tensors included. */
  readonly files: ModelFiles;
  readonly backend: string;
  readonly scope: 'all' | 'first';
}

/**
 * Proves a session on golden cases: inputs whose outputs another runtime computed. WebGPU is known
 * to return wrong numbers without an error, so nothing serves before this. State that a case does not
 * give is zeros; what becomes of it is an output like any other here.
 *
 * @param scope `all` cases when a backend is selected, the `first` at every later session
 * @throws NearsideError `golden-mismatch`, naming the case and the first element that differs
 */
export async function checkGolden(
  sessions: readonly BackendSession[],
  golden: Golden,
  { spec, variant, files, backend, scope }: GoldenCheckOptions,
): Promise<void> {
  for (const [i, stage] of stagesOf(spec).entries()) {
    const cases = casesOfStage(golden, stage, scope);
    if (cases.length === 0) throw unproven(variant.name, stage.name);
    for (const one of cases) {
      const tolerance = golden.tolerance[variant.name];
      const options = { stage, variant, tolerance, files, backend };
      await checkCase(sessions[i] as BackendSession, one, options);
    }
  }
}

async function checkCase(
  session: BackendSession,
  { name, inputs, expected: outputs }: GoldenCase,
  proof: Pick<GoldenCheckOptions, 'variant' | 'files' | 'backend'> & {
    readonly stage: Stage;
    readonly tolerance: Golden['tolerance'][string] | undefined;
  },
): Promise<void> {
  const { stage, variant, tolerance, files, backend } = proof;
  const expectedFiles = outputs[variant.name];
  if (!expectedFiles || !tolerance) throw unproven(variant.name, name);
  const actual = await session.run({
    ...initialState(stage),
    ...constantInputs(stage),
    ...readTensors(files, inputs),
  });
  const expected = readTensors(files, expectedFiles);
  // An output without a reference could be anything.
  if (Object.keys(actual).some((output) => !Object.hasOwn(expected, output))) {
    throw unproven(variant.name, name);
  }
  for (const [output, reference] of Object.entries(expected)) {
    const bounds = toleranceOf(tolerance, stage, output);
    const { every } = expectedFiles[output] as StoredOutput;
    const mismatch = findMismatch(actual[output], reference, bounds, every);
    if (!mismatch) continue;
    throw new NearsideError(
      'golden-mismatch',
      `${backend}, variant ${variant.name}, case '${name}', output '${output}': ` +
        `${mismatch}. This backend computes wrong numbers for this model on this device.`,
      { details: { backend, variant: variant.name, case: name, output, mismatch } },
    );
  }
}

/** Files of the golden cases, for one variant. */
export function proofFiles(
  golden: Golden,
  { spec, variant, scope }: Pick<GoldenCheckOptions, 'spec' | 'variant' | 'scope'>,
): string[] {
  const cases = stagesOf(spec).flatMap((stage) => casesOfStage(golden, stage, scope));
  return [...new Set(cases.flatMap((one) => goldenFiles(one, [variant.name])))];
}

/**
 * Compares with a reference as the numbers that tensors hold, whatever their datatype: same shape, every
 * value finite, |a − b| ≤ abs + rel·|b|, and per row of the last axis the same largest element wherever
 * the reference's two largest are more than 2·abs apart. Of a reference that holds each `every`th value alone, those.
 *
 * @returns what differs, in words, or undefined
 */
export function findMismatch(
  actual: Tensor | undefined,
  expected: Tensor,
  { abs, rel }: Tolerance,
  every = 1,
): string | undefined {
  const shape = `[${expected.shape.join(', ')}]`;
  if (!actual || actual.shape.join() !== expected.shape.join()) {
    return `expected shape ${shape}, got ${actual ? `[${actual.shape.join(', ')}]` : 'no tensor'}`;
  }
  const a = numbersOf(actual);
  const b = numbersOf(expected);
  const count = Math.ceil(elementCount(expected.shape) / every);
  if (b.length !== count) {
    return `expected a reference of ${count} values for shape ${shape}, got ${b.length}`;
  }
  for (let i = 0; i < count; i += 1) {
    const got = a[i * every] ?? Number.NaN;
    const wanted = b[i] ?? Number.NaN;
    if (!isFiniteNumber(wanted))
      return `expected element ${i} of the reference to be finite, got ${wanted}`;
    const allowed = abs + rel * Math.abs(Number(wanted));
    if (!isFiniteNumber(got) || distance(got, wanted) > allowed) {
      return `expected element ${i * every} to be ${wanted} ± ${allowed}, got ${got}`;
    }
  }
  if (every > 1) return undefined; // no row is whole
  return findOrderMismatch(a, b, { width: expected.shape.at(-1) ?? 1, margin: 2 * abs });
}

type Numbers = ArrayLike<number | bigint>;

/** A tensor's values as numbers: FP16 holds bits, and what is no number is NaN. */
function numbersOf({ datatype, data }: Tensor): Numbers {
  if (datatype === 'BYTES') return data.map(() => Number.NaN);
  return datatype === 'FP16' ? Float32Array.from(data, float16ToNumber) : data;
}

function isFiniteNumber(value: number | bigint): boolean {
  return Number.isFinite(Number(value));
}

/** Integers of 64 bits are subtracted as such: as doubles, neighbours above 2⁵³ are the same. */
function distance(a: number | bigint, b: number | bigint): number {
  const isExact = typeof a === 'bigint' && typeof b === 'bigint';
  return Math.abs(isExact ? Number(a - b) : Number(a) - Number(b));
}

function findOrderMismatch(
  actual: Numbers,
  expected: Numbers,
  { width, margin }: { width: number; margin: number },
): string | undefined {
  if (width < 2) return undefined;
  for (let start = 0; start < expected.length; start += width) {
    const reference = topTwo(expected, start, width);
    const got = topTwo(actual, start, width).first;
    if (reference.margin > margin && got !== reference.first) {
      return `expected the largest of row ${start / width} to be element ${reference.first}, got ${got}`;
    }
  }
  return undefined;
}

function topTwo(values: Numbers, start: number, width: number) {
  let first = 0;
  let largest: number | bigint = Number.NEGATIVE_INFINITY;
  let second: number | bigint = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < width; i += 1) {
    const value = values[start + i] ?? Number.NaN;
    if (value > largest) {
      second = largest;
      largest = value;
      first = i;
    } else if (value > second) {
      second = value;
    }
  }
  return { first, margin: distance(largest, second) };
}

/** Stored and seeded tensors by name, from a variant's files. */
export function readTensors(
  files: ModelFiles,
  stored: Readonly<Record<string, StoredTensor | SeededTensor>>,
): Tensors {
  const tensors: Record<string, Tensor> = {};
  for (const [name, tensor] of Object.entries(stored)) {
    tensors[name] = 'seed' in tensor ? seededTensor(tensor) : fromFile(files, tensor);
  }
  return tensors;
}

function fromFile(files: ModelFiles, { datatype, shape, file }: StoredTensor): Tensor {
  const bytes = files.get(file) as Uint8Array<ArrayBuffer>;
  return { datatype, shape, data: arrayFromBytes(datatype, bytes.buffer) } as Tensor;
}

function unproven(variant: string, name: string): NearsideError {
  return new NearsideError(
    'golden-mismatch',
    `Variant ${variant}: expected a golden value of every output and a tolerance for case '${name}', ` +
      'got some missing. The publisher has to add them.',
    { details: { variant, case: name } },
  );
}
