import { expect, test } from 'vitest';
import type { ModelSpec } from './model-spec.js';
import { callerInputs, callerOutputs, initialState } from './model-state.js';
import { parseModelSpec } from './parse-model-spec.js';

const tensor = (name: string, shape = [2, 3], datatype = 'FP32') => ({ name, datatype, shape });

function specOf(changes: object): ModelSpec {
  return parseModelSpec({
    format: 1,
    name: 'vad',
    version: '1.0.0',
    sequence: 1,
    task: 'tensors',
    inputs: [tensor('state'), tensor('frame', [1, -1]), tensor('count', [], 'INT64')],
    outputs: [tensor('score', [1, 1]), tensor('stateN'), tensor('countN', [], 'INT64')],
    state: [
      { input: 'state', output: 'stateN' },
      { input: 'count', output: 'countN' },
    ],
    preprocessing: [],
    postprocessing: [],
    variants: [{ name: 'fp32', runtime: 'onnx', dtype: 'fp32', files: ['model.onnx'] }],
    limits: { memoryBytes: 1 },
    ...changes,
  });
}

test('a caller gives and gets everything but the state', () => {
  expect(callerInputs(specOf({})).map(({ name }) => name)).toEqual(['frame']);
  expect(callerOutputs(specOf({})).map(({ name }) => name)).toEqual(['score']);
});

test('state begins as zeros of its datatype and shape', () => {
  expect(initialState(specOf({}))).toEqual({
    state: { datatype: 'FP32', shape: [2, 3], data: new Float32Array(6) },
    count: { datatype: 'INT64', shape: [], data: new BigInt64Array(1) },
  });
  expect(initialState(specOf({ state: undefined }))).toEqual({});
});

test('state that does not fit together is refused, saying what was expected', () => {
  const pair = (input: string, output: string) => ({ state: [{ input, output }] });
  const wrong: readonly (readonly [object, string])[] = [
    [pair('nothing', 'stateN'), 'names of inputs, state, frame, count, got nothing'],
    [pair('state', 'nothing'), 'names of outputs'],
    [pair('state', 'score'), "'state' and 'score' to be alike, got FP32 [2, 3], FP32 [1, 1]"],
    [
      { ...pair('frame', 'frameN'), outputs: [tensor('y'), tensor('frameN', [1, -1])] },
      'a fixed shape, got FP32 [1, n]',
    ],
    [
      { ...pair('text', 'textN'), inputs: [tensor('text', [1], 'BYTES'), tensor('x')] },
      'names of outputs',
    ],
    [
      { state: [...pair('state', 'stateN').state, ...pair('state', 'stateN').state] },
      'every tensor in one pair',
    ],
    [{ ...pair('state', 'stateN'), inputs: [tensor('state')] }, 'that are no state, got none'],
    [{ batch: { axis: 0, max: 2, maxDelayMs: 0 } }, 'no `batch`'],
  ];
  for (const [changes, message] of wrong) {
    expect(() => specOf(changes)).toThrow(
      expect.objectContaining({
        code: 'metadata-malformed',
        message: expect.stringContaining(message),
      }),
    );
  }
});
