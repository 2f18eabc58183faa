import type { ModelSpec } from '@nearside/core';
import { expect, test } from 'vitest';
import type { AvailableBackend } from '../../shared/api/backends.js';
import type { OpenPlan } from '../options/plan-opening.js';
import {
  type ChoiceRecord,
  choiceCircumstances,
  createBackendChoice,
  EMPTY_RECORD,
  isLasting,
} from './backend-choice.js';
import { demote, pardon, quarantine } from './later/blame.js';
import { rememberChoice } from './later/remember-choice.js';

const INT8 = { backend: 'onnx-wasm', variant: 'int8' } as const;
const FP32 = { backend: 'onnx-wasm', variant: 'fp32' } as const;
const UINT8 = { backend: 'tfjs-wasm', variant: 'uint8' } as const;
const ON_GPU = { backend: 'onnx-webgpu', variant: 'fp32' } as const;
const SPEC = {
  sequence: 1,
  variants: [
    { name: 'int8', runtime: 'onnx' },
    { name: 'fp32', runtime: 'onnx' },
    { name: 'uint8', runtime: 'tfjs' },
  ],
} as unknown as ModelSpec;
const WRONG = { code: 'golden-mismatch', message: 'wrong' } as const;
const LOST = { code: 'worker-lost', message: 'lost' } as const;

/** A choice over everything there is, and what it has written down. */
function choose(remembered: Partial<ChoiceRecord> = {}, forced?: AvailableBackend) {
  const written: ChoiceRecord[] = [];
  const plan = {
    backends: forced ? [forced] : (['tfjs-wasm', 'onnx-wasm'] as const),
    contenders: forced
      ? [forced]
      : (['onnx-wasm', 'tfjs-wasm', 'onnx-webgpu', 'tfjs-webgpu'] as const),
    isBackendForced: forced !== undefined,
    threads: undefined,
    tune: { when: 'idle' },
  };
  const choice = createBackendChoice(plan, {
    ...EMPTY_RECORD,
    circumstances: choiceCircumstances(1),
    ...remembered,
  });
  const memory = rememberChoice(choice, plan as unknown as OpenPlan, async (record) => {
    written.push(record);
  });
  const saved = async () => {
    await memory.saved();
    return written;
  };
  return { choice, saved };
}

const served = { sequence: 1, haveOthersFailed: false };

test('a device that knows nothing starts on the light runtime, and remembers what served', async () => {
  const { choice, saved } = choose();
  expect(choice.openingOrder()).toEqual(['tfjs-wasm', 'onnx-wasm']);
  choice.settle(UINT8, served);
  expect(choice.origin).toBe('prior');
  expect((await saved()).at(-1)?.start).toEqual(UINT8);
});

test('what served last is first, also a GPU that has won, and nothing is written again', async () => {
  const { choice, saved } = choose({ start: ON_GPU });
  expect(choice.openingOrder()).toEqual(['onnx-webgpu', 'tfjs-wasm', 'onnx-wasm']);
  expect(choice.pickVariant('onnx-webgpu', SPEC)?.name).toBe('fp32');
  choice.settle(ON_GPU, served);
  expect([choice.origin, await saved()]).toEqual(['remembered', []]);
});

test('wrong numbers are written down, and another variant is loaded instead', async () => {
  const { choice, saved } = choose();
  quarantine(choice, { ...INT8, ...WRONG }, 1);
  expect((await saved()).at(-1)?.quarantined).toMatchObject([{ ...INT8, ...WRONG }]);
  expect(choice.pickVariant('onnx-wasm', SPEC)?.name).toBe('fp32');
  quarantine(choice, { ...FP32, ...WRONG }, 1);
  expect(choice.pickVariant('onnx-wasm', SPEC)).toBeUndefined();
  pardon(choice, ['onnx-wasm']);
  expect(choice.pickVariant('onnx-wasm', SPEC)?.name).toBe('int8');
});

test('a lost worker is seen until its backend serves again, and is not written down', async () => {
  const { choice, saved } = choose();
  quarantine(choice, { ...INT8, ...LOST }, 1);
  expect(choice.passing).toMatchObject([LOST]);
  expect(choice.pickVariant('onnx-wasm', SPEC)?.name).toBe('int8');
  choice.settle(INT8, served);
  expect(choice.passing).toEqual([]);
  expect((await saved()).flatMap(({ quarantined }) => quarantined)).toEqual([]);
});

test('a quarantined winner does not start, and what serves instead is remembered', () => {
  const { choice } = choose({ start: UINT8, quarantined: [{ ...UINT8, ...WRONG, atMs: 1 }] });
  expect(choice.pickVariant('tfjs-wasm', SPEC)).toBeUndefined();
  choice.settle(INT8, { sequence: 1, haveOthersFailed: true });
  expect(choice.origin).toBe('others-failed');
  expect(choice.record.start).toEqual(INT8);
});

test('one that cannot be had today is first again tomorrow', () => {
  const { choice } = choose({ start: INT8 });
  choice.settle(UINT8, { sequence: 1, haveOthersFailed: true });
  expect(choice.record.start).toEqual(INT8);
});

test('a backend that keeps losing workers loses what it has won, and is measured anew', () => {
  const { choice } = choose({ start: INT8, measured: [{ ...INT8, p50Ms: 1 }] });
  demote(choice, 'tfjs-wasm');
  expect(choice.record.start).toEqual(INT8);
  demote(choice, 'onnx-wasm');
  choice.settle(UINT8, { sequence: 1, haveOthersFailed: false });
  expect(choice.record).toMatchObject({ start: UINT8, measured: [] });
});

test('another version keeps where to start, and nothing that was found out', () => {
  const { choice } = choose({
    start: INT8,
    measured: [{ ...INT8, p50Ms: 1 }],
    quarantined: [{ ...UINT8, ...WRONG, atMs: 1 }],
  });
  choice.settle(INT8, { sequence: 2, haveOthersFailed: false });
  expect(choice.record).toMatchObject({ start: INT8, measured: [], quarantined: [] });
});

test('what failed in one version is tried in the next', () => {
  const { choice } = choose();
  quarantine(choice, { ...INT8, ...WRONG }, 1);
  expect(choice.pickVariant('onnx-wasm', { ...SPEC, sequence: 2 })?.name).toBe('int8');
});

test('a forced backend is the only one, and leaves no trace', async () => {
  const { choice, saved } = choose({}, 'onnx-webgpu');
  expect(choice.openingOrder()).toEqual(['onnx-webgpu']);
  choice.settle(ON_GPU, served);
  expect([choice.origin, await saved()]).toEqual(['forced', []]);
});

test('another version is another circumstance, and so is another number of threads', () => {
  expect(choiceCircumstances(2)).not.toBe(choiceCircumstances(1));
  expect(choiceCircumstances(1, 2)).not.toBe(choiceCircumstances(1));
});

test('wrong numbers last, a lost worker does not', () => {
  expect(isLasting('golden-mismatch')).toBe(true);
  expect(isLasting('operator-unsupported')).toBe(true);
  for (const code of ['worker-lost', 'device-lost', 'out-of-memory', 'network-failed'] as const) {
    expect(isLasting(code)).toBe(false);
  }
});
