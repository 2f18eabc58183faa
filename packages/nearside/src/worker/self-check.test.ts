import {
  type Golden,
  parseGolden,
  type Stage,
  seededTensor,
  type Tensor,
  type Tensors,
} from '@nearside/core';
import { expect, test } from 'vitest';
import type { BackendSession, ModelFiles } from './backends/backend.js';
import { checkGolden } from './golden-check.js';
import { type AnswerOptions, answerCases, watchFirstRun } from './self-check.js';

const STAGE = {
  name: '',
  inputs: [
    { name: 'x', datatype: 'FP32', shape: [-1, -1] },
    { name: 'scale', datatype: 'FP32', shape: [], value: 2 },
  ],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, -1] }],
} as unknown as Stage;

const VARIANT = { name: 'model', runtime: 'onnx' as const, dtype: 'fp32', files: ['model.onnx'] };

let turns = 0;
const OPTIONS: AnswerOptions = {
  variant: VARIANT,
  reference: 'onnxruntime-web',
  inTurn: (run) => {
    turns += 1;
    return run();
  },
};

const fp32 = (...values: number[]): Tensor => ({
  datatype: 'FP32',
  shape: [values.length],
  data: Float32Array.from(values),
});

const valuesOf = (tensor: Tensor | undefined) => tensor?.data as Float32Array;

/** A model that multiplies by what `scale` is given, and adds what is wrong with it. */
function multiplying(wrongBy: (values: Float32Array) => number = () => 0): BackendSession {
  return {
    tensors: STAGE,
    async run({ x, scale }) {
      const values = valuesOf(x);
      const by = valuesOf(scale)[0] ?? Number.NaN;
      return { y: { ...x, data: values.map((value) => by * value + wrongBy(values)) } as Tensor };
    },
    release: async () => {},
  };
}

const given = (...shape: number[]): Tensors => ({
  x: { ...seededTensor({ datatype: 'FP32', shape, seed: 7 }) },
  scale: { datatype: 'FP32', shape: [], data: Float32Array.of(2) },
});

async function answer(session: BackendSession, ...runs: Tensors[]) {
  const watched = watchFirstRun(session, STAGE);
  for (const run of runs) await watched.run(run);
  const firstRun = watched.takeFirstRun();
  return answerCases([{ stage: STAGE, session: watched, firstRun }], OPTIONS);
}

const namesOf = (golden: Golden | undefined) => golden?.cases.map(({ name }) => name);
const shapesOf = (golden: Golden | undefined) => golden?.cases.map(({ inputs }) => inputs.x?.shape);

test('the cases are seeded numbers in the shapes of the first run, and what that run was given', async () => {
  turns = 0;
  const { golden, files } = await answer(multiplying(), given(3, 5), given(1, 9));
  expect(namesOf(golden)).toEqual(['seeded', 'first-run']);
  expect(shapesOf(golden)).toEqual([
    [3, 5],
    [3, 5],
  ]);
  expect(golden?.cases.map(({ inputs }) => Object.keys(inputs))).toEqual([['x'], ['x']]);
  const own = [...files.values()].map(({ buffer }) => [...new Float32Array(buffer)]);
  expect(own).toContainEqual([...valuesOf(given(3, 5).x)]);
  expect(turns).toBe(4); // nobody waits for more than one run
});

test('before there was a run there is one item, and other free axes have 32', async () => {
  const { golden } = await answer(multiplying());
  expect([namesOf(golden), shapesOf(golden)]).toEqual([['seeded'], [[1, 32]]]);
});

test('of tensors of more than 16 MiB only the shapes are kept, and nothing once they were asked for', async () => {
  const session = { ...multiplying(), run: async () => ({}) };
  const watched = watchFirstRun(session, STAGE);
  const large = { ...fp32(), shape: [2, 2 ** 21 + 1], data: new Float32Array(2 ** 22 + 2) };
  await watched.run({ x: large } as Tensors);
  expect(watched.takeFirstRun()).toEqual({ shapes: { x: [2, 2 ** 21 + 1] }, inputs: undefined });
  await watched.run(given(3, 5));
  expect(watched.takeFirstRun()).toBeUndefined();
});

test('a backend that computes the same passes, and one that is wrong on the numbers of the first run alone does not', async () => {
  const { golden, files } = await answer(multiplying(), given(3, 5));
  const check = (session: BackendSession) =>
    checkGolden([session], golden as Golden, {
      spec: STAGE as never,
      variant: VARIANT,
      files: files as unknown as ModelFiles,
      backend: 'onnx-webgpu',
      scope: 'all',
    });
  await check(multiplying(() => 1e-5));
  const [first] = valuesOf(given(3, 5).x);
  const wrong = multiplying((values) => (values[0] === first ? 0.1 : 0));
  await expect(check(wrong)).rejects.toMatchObject({
    code: 'golden-mismatch',
    message: expect.stringContaining("case 'first-run', output 'y'"),
  });
});

/** A model that answers so, and from the second run on in another way, where one is given. */
function saying(first: Tensors, later: Tensors = first): BackendSession {
  let runs = 0;
  return {
    ...multiplying(),
    async run() {
      runs += 1;
      return runs === 1 ? first : later;
    },
  };
}

test.each<[string, Tensors, Tensors?]>([
  [
    "output 'y', computed twice: expected element 1 to be 2 ± 0, got 2.5",
    { y: fp32(1, 2) },
    { y: fp32(1, 2.5) },
  ],
  [
    "output 'y', computed twice: expected shape [2], got [1, 2]",
    { y: fp32(1, 2) },
    { y: { ...fp32(1, 2), shape: [1, 2] } },
  ],
  [
    "output 'y', computed twice: expected element 1 of the reference to be finite, got NaN",
    { y: fp32(1, Number.NaN) },
  ],
  [
    "output 'y', computed twice: expected element 0 of the reference to be finite, got Infinity",
    { y: { datatype: 'FP16', shape: [1], data: Uint16Array.of(0x7c00) } },
  ],
  [
    "output 'y', computed twice: expected element 0 of the reference to be finite, got NaN",
    { y: { datatype: 'BYTES', shape: [1], data: ['a'] } },
  ],
  ["zero everywhere would pass as output 'y'", { y: fp32(0, 0) }],
  [
    "zero everywhere would pass as output 'y'",
    { y: { datatype: 'INT64', shape: [1], data: BigInt64Array.of(0n) } },
  ],
  ["zero everywhere would pass as output 'y'", { y: fp32(5e-5, -9e-5) }],
  ["zero everywhere would pass as output 'y'", { y: { ...fp32(), shape: [0, 4] } }],
  ["one number everywhere would pass as output 'y'", { y: fp32(1e-4, 2e-4) }],
  ["zero everywhere would pass as output 'z'", { y: fp32(1, 2), z: fp32(0) }],
])('a case that cannot tell is left out: %s', async (objection, first, later) => {
  const { golden, objections } = await answer(saying(first, later));
  expect([golden, objections]).toEqual([undefined, [`case 'seeded': ${objection}`]]);
});

test('an answer that can tell is one for golden.json, with a tolerance by the largest value of each output', async () => {
  const session = saying({ boxes: fp32(30, -450), score: fp32(0.2) });
  const { golden, objections } = await answer(session);
  expect(parseGolden(golden)).toEqual({
    format: 1,
    reference: 'onnxruntime-web',
    cases: [
      {
        name: 'seeded',
        inputs: { x: { datatype: 'FP32', shape: [1, 32], seed: 1 } },
        expected: {
          model: {
            boxes: { datatype: 'FP32', shape: [2], file: 'golden/answered-0.bin' },
            score: { datatype: 'FP32', shape: [1], file: 'golden/answered-1.bin' },
          },
        },
      },
    ],
    tolerance: {
      model: {
        abs: 0,
        rel: 0,
        outputs: { boxes: { abs: 5e-3, rel: 1e-3 }, score: { abs: 1e-4, rel: 1e-3 } },
      },
    },
  });
  expect(objections).toEqual([]);
});

test('every model of a file needs a case, and its outputs are named after its stage', async () => {
  const detect = { ...STAGE, name: 'detect' };
  const read = { ...STAGE, name: 'read' };
  const all = (ofRead: BackendSession) =>
    answerCases(
      [
        { stage: detect, session: multiplying(), firstRun: undefined },
        { stage: read, session: ofRead, firstRun: undefined },
      ],
      OPTIONS,
    );
  const { golden } = await all(multiplying());
  expect(golden?.cases.map(({ stage }) => stage)).toEqual(['detect', 'read']);
  expect(Object.keys(golden?.tolerance.model?.outputs ?? {})).toEqual(['detect/y', 'read/y']);
  expect((await all(saying({ y: fp32(0) }))).golden).toBeUndefined();
});

test('a model that fails or takes text answers nothing, and says why', async () => {
  const failing = { ...multiplying(), run: () => Promise.reject(new Error('no such token')) };
  const texts = { ...STAGE, inputs: [{ name: 'x', datatype: 'BYTES', shape: [-1] }] } as Stage;
  const ofTexts = await answerCases(
    [{ stage: texts, session: multiplying(), firstRun: undefined }],
    OPTIONS,
  );
  expect([await answer(failing), ofTexts]).toMatchObject([
    { golden: undefined, objections: ["case 'seeded': no such token"] },
    { golden: undefined, objections: ["case 'seeded': 'x' is text"] },
  ]);
});
