import {
  arrayFromBytes,
  type Golden,
  initialState,
  type ModelSpec,
  NearsideError,
  type StoredTensor,
  type Tensor,
  type Tensors,
  type Tolerance,
  type Variant,
} from '@nearside/core';
import type { BackendSession, ModelFiles } from '../backends/backend.js';

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
  session: BackendSession,
  golden: Golden,
  { spec, variant, files, backend, scope }: GoldenCheckOptions,
): Promise<void> {
  const allowed = golden.tolerance[variant.name];
  for (const { name, inputs, expected: outputs } of casesOf(golden, scope)) {
    const expectedFiles = outputs[variant.name];
    if (!expectedFiles || !allowed) throw unproven(variant.name, name);
    const actual = await session.run({ ...initialState(spec), ...readTensors(files, inputs) });
    const expected = readTensors(files, expectedFiles);
    for (const [output, reference] of Object.entries(expected)) {
      const mismatch = findMismatch(actual[output], reference, allowed);
      if (!mismatch) continue;
      throw new NearsideError(
        'golden-mismatch',
        `${backend}, variant ${variant.name}, case '${name}', output '${output}': ` +
          `${mismatch}. This backend computes wrong numbers for this model on this device.`,
        { details: { backend, variant: variant.name, case: name, output, mismatch } },
      );
    }
  }
}

/** Files of the golden cases, for one variant. */
export function goldenFiles(
  golden: Golden,
  variant: string,
  scope: GoldenCheckOptions['scope'],
): string[] {
  const names = casesOf(golden, scope)
    .flatMap(({ inputs, expected }) => [inputs, expected[variant] ?? {}])
    .flatMap((tensors) => Object.values<StoredTensor>(tensors));
  return [...new Set(names.map(({ file }) => file))];
}

function casesOf({ cases }: Golden, scope: GoldenCheckOptions['scope']): Golden['cases'] {
  return scope === 'all' ? cases : cases.slice(0, 1);
}

/**
 * Compares with a reference: same shape, every value finite, |a − b| ≤ abs + rel·|b|, and per row
 * of the last axis the same largest element wherever the reference's two largest are more than
 * 2·abs apart.
 *
 * @returns what differs, in words, or undefined
 */
export function findMismatch(
  actual: Tensor | undefined,
  expected: Tensor,
  { abs, rel }: Tolerance,
): string | undefined {
  const shape = `[${expected.shape.join(', ')}]`;
  if (!actual || actual.shape.join() !== expected.shape.join()) {
    return `expected shape ${shape}, got ${actual ? `[${actual.shape.join(', ')}]` : 'no tensor'}`;
  }
  const a = actual.data as ArrayLike<number | bigint>;
  const b = expected.data as ArrayLike<number | bigint>;
  for (let i = 0; i < b.length; i += 1) {
    const got = Number(a[i]);
    const wanted = Number(b[i]);
    const within = Math.abs(got - wanted) <= abs + rel * Math.abs(wanted);
    if (!within || !Number.isFinite(got)) {
      return `expected element ${i} to be ${wanted} ± ${abs + rel * Math.abs(wanted)}, got ${got}`;
    }
  }
  return findOrderMismatch(a, b, { width: expected.shape.at(-1) ?? 1, margin: 2 * abs });
}

function findOrderMismatch(
  actual: ArrayLike<number | bigint>,
  expected: ArrayLike<number | bigint>,
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

function topTwo(values: ArrayLike<number | bigint>, start: number, width: number) {
  let first = 0;
  let largest = Number.NEGATIVE_INFINITY;
  let second = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < width; i += 1) {
    const value = Number(values[start + i]);
    if (value > largest) {
      second = largest;
      largest = value;
      first = i;
    } else if (value > second) {
      second = value;
    }
  }
  return { first, margin: largest - second };
}

/** Stored tensors by name, from a variant's files. */
export function readTensors(
  files: ModelFiles,
  stored: Readonly<Record<string, StoredTensor>>,
): Tensors {
  const tensors: Record<string, Tensor> = {};
  for (const [name, { datatype, shape, file }] of Object.entries(stored)) {
    const bytes = files.get(file) as Uint8Array<ArrayBuffer>;
    tensors[name] = { datatype, shape, data: arrayFromBytes(datatype, bytes.buffer) } as Tensor;
  }
  return tensors;
}

function unproven(variant: string, name: string): NearsideError {
  return new NearsideError(
    'golden-mismatch',
    `Variant ${variant}: expected golden outputs and a tolerance for case '${name}', got none. The ` +
      'publisher has to add them.',
    { details: { variant, case: name } },
  );
}
