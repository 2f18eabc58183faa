import { type ErrorCode, NearsideError } from '@nearside/core';
import { expect, test } from 'vitest';
import { createModelEmitter } from '../../../shared/api/events.js';
import type { OpenPlan } from '../../options/plan-opening.js';
import { choiceCircumstances, createBackendChoice, EMPTY_RECORD } from '../backend-choice.js';
import { blameRuntime } from './blame.js';

const RELEASE = { model: 'digits', version: '1.2.0', sequence: 7 };

/** Blames what failed so for it, on one of the two files. */
function blame(
  code: ErrorCode,
  { runtime = 'common', details = {} }: { runtime?: 'common' | 'full'; details?: object } = {},
) {
  const plan = { backends: ['onnx-wasm'], contenders: ['onnx-wasm'] } as unknown as OpenPlan;
  const choice = createBackendChoice(plan, EMPTY_RECORD);
  choice.onnxRuntime = runtime;
  const emitter = createModelEmitter();
  const error = new NearsideError(code, 'it failed', { details: { ...details } });
  const isToBlame = blameRuntime({ choice, emitter }, error, { runtime, release: RELEASE });
  return { isToBlame, choice };
}

test.each([
  'backend-failed',
  'worker-lost',
  'device-lost',
  'terminated',
  'golden-mismatch',
] as const)(
  '%s may be a trap, or damage: the full file takes over, and is remembered for the version',
  (code) => {
    const { isToBlame, choice } = blame(code);
    expect(isToBlame).toBe(true);
    expect(choice.onnxRuntime).toBe('full');
    expect(choice.record).toMatchObject({
      onnxRuntime: 'full',
      circumstances: choiceCircumstances(RELEASE.sequence),
    });
  },
);

test('a common file that cannot be had is replaced too, and asked for again at the next visit', () => {
  const { isToBlame, choice } = blame('assets-unreachable');
  expect(isToBlame).toBe(true);
  expect(choice.onnxRuntime).toBe('full');
  expect(choice.record.onnxRuntime).toBeUndefined();
});

test.each(['operator-unsupported', 'out-of-memory', 'network-failed'] as const)(
  '%s never comes of a function that is missing',
  (code) => {
    expect(blame(code).isToBlame).toBe(false);
  },
);

test('nor is blamed what a caller or another model ended, or what failed on the full file', () => {
  expect(blame('terminated', { details: { isOwn: true } }).isToBlame).toBe(false);
  expect(blame('worker-lost', { details: { isAnothers: true } }).isToBlame).toBe(false);
  expect(blame('backend-failed', { runtime: 'full' }).isToBlame).toBe(false);
});
