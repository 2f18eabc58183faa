import { expect, test } from 'vitest';
import type { OpenPlan } from '../../options/plan-opening.js';
import { createBackendChoice, EMPTY_RECORD } from '../backend-choice.js';
import { forgetBroken, parseChoice } from './remember-choice.js';

const START = { backend: 'onnx-wasm', variant: 'int8' } as const;

test('whatever lies in the store becomes a record, and what is not one an empty one', () => {
  for (const value of [undefined, null, 7, 'a', [], { start: 1, measured: 'x' }]) {
    expect(parseChoice(value)).toEqual(EMPTY_RECORD);
  }
  const record = { ...EMPTY_RECORD, circumstances: 'here', adapter: 'a gpu', start: START };
  const measured = [{ ...START, p50Ms: 1 }];
  expect(parseChoice({ ...record, measured })).toEqual({ ...record, measured });
});

const WHOLE = {
  circumstances: 'here',
  adapter: 'a gpu',
  start: START,
  measured: [
    { ...START, p50Ms: 1 },
    { ...START, p50Ms: undefined },
  ],
  quarantined: [
    {
      backend: 'tfjs-wasm',
      variant: undefined,
      code: 'golden-mismatch',
      message: 'wrong numbers',
      atMs: 1_700_000_000_000,
    },
  ],
} as const;

test('a record that is broken anywhere is thrown away, and one that is whole stays as it is', () => {
  expect(parseChoice(WHOLE)).toEqual(WHOLE);
  const [measured] = WHOLE.measured;
  const [quarantined] = WHOLE.quarantined;
  const broken: object[] = [
    { circumstances: undefined },
    { circumstances: 7 },
    { adapter: {} },
    { onnxRuntime: 'common' },
    { start: null },
    { start: {} },
    { start: { ...START, variant: 7 } },
    ...[null, undefined, 7, {}, START.backend].map((one) => ({ measured: [measured, one] })),
    ...[-1, Number.NaN, Number.POSITIVE_INFINITY, '1', null].map((p50Ms) => ({
      measured: [{ ...measured, p50Ms }],
    })),
    { measured: [{ ...measured, variant: undefined }] },
    { measured: new Array(1) },
    ...[null, undefined, 7, {}].map((one) => ({ quarantined: [one] })),
    { quarantined: [{ ...quarantined, backend: 7 }] },
    { quarantined: [{ ...quarantined, variant: null }] },
    { quarantined: [{ ...quarantined, code: 'network-failed' }] },
    { quarantined: [{ ...quarantined, message: undefined }] },
    { quarantined: [{ ...quarantined, atMs: 'yesterday' }] },
  ];
  for (const fields of broken) {
    expect(parseChoice({ ...WHOLE, ...fields }), JSON.stringify(fields)).toBe(EMPTY_RECORD);
  }
});

test('what opening did not read of a broken record is forgotten before anybody reads it', () => {
  const plan = { backends: ['onnx-wasm'], contenders: ['onnx-wasm'] } as unknown as OpenPlan;
  const broken = createBackendChoice(plan, {
    ...WHOLE,
    onnxRuntime: undefined,
    measured: [null],
  } as never);
  forgetBroken(broken);
  expect(broken.record).toEqual(EMPTY_RECORD);
  const record = { ...WHOLE, onnxRuntime: 'full' } as const;
  const whole = createBackendChoice(plan, record);
  forgetBroken(whole);
  expect(whole.record).toBe(record);
});
