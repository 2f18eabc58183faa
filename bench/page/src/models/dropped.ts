import { type NumericDatatype, seededTensor } from '@nearside/core';
import { openUnsigned } from 'nearside';
import { BenchError, describeProblem, type Problem } from '../problem.ts';
import type { BenchModel } from './bench-model.ts';

/** A protocol buffer, and so an ONNX file, ends before 2 GiB; no tab has memory for more of it either. */
const MAX_BYTES = 2 ** 31 - 1;

/** Of a file whose first axes are free. */
const LARGEST_BATCH = 64;

const DATATYPES: Readonly<Record<string, NumericDatatype>> = {
  bool: 'BOOL',
  uint8: 'UINT8',
  int8: 'INT8',
  uint16: 'UINT16',
  int16: 'INT16',
  uint32: 'UINT32',
  int32: 'INT32',
  int64: 'INT64',
  float16: 'FP16',
  float32: 'FP32',
  float64: 'FP64',
};

/** An input as ONNX Runtime tells it; a text is the name of an axis that is free. */
export interface DescribedInput {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  readonly shape?: readonly (number | string)[];
}

/** A file that somebody dropped here, and what it takes. */
export interface DroppedFile {
  readonly file: File;
  readonly inputs: readonly DescribedInput[];
  /** Axes that have no length, by name; the first axis of an input, which is the batch, is none of them. */
  readonly freeAxes: readonly string[];
  readonly refusal: Problem | undefined;
}

/** Looks at a file. It never rejects but for an abort: what is no model has a `refusal`. */
export async function lookAt(file: File, signal: AbortSignal): Promise<DroppedFile> {
  try {
    if (file.size > MAX_BYTES) throw tooLarge(file);
    const model = await openUnsigned(file, {}, { backend: 'onnx-wasm', signal });
    await model.close();
    const inputs = await describeInputs(file, signal);
    const freeAxes = [...new Set(inputs.flatMap(freeAxesOf))];
    return { file, inputs, freeAxes, refusal: undefined };
  } catch (error) {
    signal.throwIfAborted();
    return { file, inputs: [], freeAxes: [], refusal: describeProblem(error) };
  }
}

function tooLarge({ name, size }: File): BenchError {
  return new BenchError(
    'file-too-large',
    `${name}: expected an ONNX file of less than 2 GiB, got ${(size / 2 ** 30).toFixed(1)} GiB. ` +
      'Keep its weights in files beside it.',
  );
}

function describeInputs(file: File, signal: AbortSignal): Promise<DescribedInput[]> {
  const worker = new Worker(new URL('./describe-worker.js', import.meta.url), { type: 'module' });
  const described = new Promise<DescribedInput[]>((resolve, reject) => {
    worker.onmessage = ({ data }) =>
      data.failed ? reject(new BenchError('model-invalid', data.failed)) : resolve(data.inputs);
    worker.onerror = ({ message }) => reject(new BenchError('worker-lost', message));
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  worker.postMessage(file);
  return described.finally(() => worker.terminate());
}

function freeAxesOf({ name, shape = [] }: DescribedInput): string[] {
  return shape.flatMap((axis, i) => (i > 0 && isFree(axis) ? [axisName(axis, name, i)] : []));
}

function isFree(axis: number | string): boolean {
  return typeof axis === 'string' || axis < 1;
}

/** Some files leave an axis free and give it no name. */
function axisName(axis: number | string, input: string, at: number): string {
  return typeof axis === 'string' && axis !== '' ? axis : `${input}[${at}]`;
}

/** @param pins lengths of free axes, by name; what is missing makes a refusal */
export function modelOfFile(
  { file, inputs, freeAxes, refusal }: DroppedFile,
  pins: Readonly<Record<string, number>>,
): BenchModel {
  const open = freeAxes.filter((axis) => !((pins[axis] ?? 0) > 0));
  const untaken = inputs.find(({ isTensor, type = '' }) => !isTensor || !DATATYPES[type]);
  const shapes = inputs.map(({ name, shape = [] }) =>
    shape.map((axis, i) =>
      isFree(axis) ? (i === 0 ? -1 : (pins[axisName(axis, name, i)] ?? 1)) : Number(axis),
    ),
  );
  const variant = { name: 'model', runtime: 'onnx', files: [file.name] } as const;
  return {
    id: 'file',
    title: file.name,
    sizeBytes: file.size,
    files: { [file.name]: file },
    spec: {},
    variants: [variant],
    cases: [],
    tolerance: {},
    largestBatch: shapes.length > 0 && shapes.every(([first]) => first === -1) ? LARGEST_BATCH : 1,
    sample: (batch) =>
      Object.fromEntries(
        inputs.map(({ name, type = '' }, i) => {
          const shape = (shapes[i] as number[]).map((axis) => (axis === -1 ? batch : axis));
          return [
            name,
            seededTensor({ datatype: DATATYPES[type] as NumericDatatype, shape, seed: 1 }),
          ];
        }),
      ),
    refusal:
      refusal ?? (untaken && noNumbers(untaken)) ?? (open.length > 0 ? unpinned(open) : undefined),
  };
}

function noNumbers({ name, type = 'no tensor' }: DescribedInput): Problem {
  return {
    code: 'input-unsupported',
    message: `Expected inputs of numbers, got '${name}' of ${type}: this page cannot make such a one.`,
  };
}

function unpinned(axes: readonly string[]): Problem {
  const named = axes.map((axis) => `'${axis}'`).join(', ');
  return {
    code: 'axes-free',
    message: `Expected a length for ${named}, got none: the graph leaves it free. Write one in the form, under “Model”.`,
  };
}
