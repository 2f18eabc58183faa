import type { Golden, ModelSpec, Tensors } from '@nearside/core';
import { STEPS_FILE } from '@nearside/pipeline';
import { afterEach, expect, test } from 'vitest';
import { LIBRARY_VERSION } from '../shared/library-version.js';
import type { HostedVersion } from './hosted-version.js';
import { createLoadProgress } from './load-progress.js';
import { loadStepsOf, openSession, timeSession } from './session.js';
import type { SharedRuntime } from './shared-runtime.js';

const SPEC = {
  name: 'double',
  task: 'tensor',
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
  preprocessing: [],
  postprocessing: [],
  variants: [{ name: 'fp32', runtime: 'onnx', files: [] }],
  limits: { maxInputPixels: 1 },
} as unknown as ModelSpec;

const FILES = new Map([
  ['x.bin', new Uint8Array(Float32Array.of(1, 2).buffer)],
  ['y.bin', new Uint8Array(Float32Array.of(2, 4).buffer)],
]);

const CASE: Golden['cases'][number] = {
  name: 'small',
  inputs: { x: { datatype: 'FP32', shape: [2], file: 'x.bin' } },
  expected: { fp32: { y: { datatype: 'FP32', shape: [2], file: 'y.bin' } } },
};

const NOTHING = { datatype: 'FP32', shape: [0], data: new Float32Array(0) } as const;

const STEPS = Symbol.for(`nearside.steps.${LIBRARY_VERSION}`);

afterEach(() => {
  Reflect.deleteProperty(globalThis, STEPS);
});

test('steps of steps.js that do not fit each other are refused as soon as it is there', async () => {
  Reflect.set(globalThis, STEPS, () => ({ steps: STEPS_FILE }));
  const spec = { ...SPEC, preprocessing: [{ step: 'mix-down' }] };
  await expect(loadStepsOf(spec, { task: undefined, stepsFile: undefined })).rejects.toMatchObject({
    code: 'model-invalid',
    message: expect.stringContaining('step 1 (mix-down): expected sound'),
  });
});

test('runs are timed with what the first case has to warm up with, and it proves nothing', async () => {
  const warmUp = { x: { datatype: 'FP32' as const, shape: [48], seed: 1 } };
  const { session, shapes } = await open({ ...CASE, warmUp });
  expect(shapes).toEqual([[2]]);
  await timeSession(session);
  expect(new Set(shapes.slice(1).map(String))).toEqual(new Set(['48']));
});

test('without that they are timed with the case itself', async () => {
  const { session, shapes } = await open(CASE);
  await timeSession(session);
  expect(new Set(shapes.map(String))).toEqual(new Set(['2']));
});

/** Opens a model that doubles. @returns the shapes that it has been given until now, too */
async function open(first: Golden['cases'][number]) {
  const shapes: (readonly number[])[] = [];
  const golden: Golden = {
    format: 1,
    cases: [first],
    tolerance: { fp32: { abs: 1e-6, rel: 0 } },
  };
  const runtime = {
    name: 'onnx-wasm',
    runtime: 'onnx',
    requireSupport: async () => {},
    compileWasm: async () => undefined,
    start: async () => ({ threads: 1, hardware: 'cpu' }),
    createSession: async () => ({
      tensors: SPEC,
      async run({ x = NOTHING }: Tensors) {
        shapes.push(x.shape);
        const data = (x.data as Float32Array).map((value) => 2 * value);
        return { y: { ...x, data } };
      },
      release: async () => {},
    }),
  } as unknown as SharedRuntime;
  const version = {
    spec: SPEC,
    golden,
    readVariant: async () => ({
      variant: SPEC.variants[0],
      files: FILES,
      baseline: undefined,
      fetchedBytes: 0,
    }),
  } as unknown as HostedVersion;
  const session = await openSession({
    version,
    runtime,
    variant: 'fp32',
    task: undefined,
    stepsFile: undefined,
    isProvenOn: () => true,
    progress: createLoadProgress(() => {}),
  });
  return { session, shapes };
}
