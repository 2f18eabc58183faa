import { createDeferred } from '@nearside/core';
import { expect, test, vi } from 'vitest';
import type { OpenPlan } from '../../options/plan-opening.js';
import { type ChoiceRecord, createBackendChoice, EMPTY_RECORD } from '../backend-choice.js';
import { rememberChoice } from './remember-choice.js';

/** A choice, remembered in a store that answers when a test says so. */
function remember() {
  const written: ChoiceRecord[] = [];
  const answer = createDeferred<void>();
  const plan = {
    backends: ['onnx-wasm'],
    contenders: ['onnx-wasm', 'tfjs-wasm'],
    tune: { when: 'idle' },
  };
  const choice = createBackendChoice(plan as unknown as OpenPlan, EMPTY_RECORD);
  const memory = rememberChoice(choice, plan as unknown as OpenPlan, async (record) => {
    written.push(record);
    await answer.promise;
  });
  return { choice, memory, written, answer };
}

const time = (p50Ms: number) => ({
  measured: [{ backend: 'onnx-wasm' as const, variant: 'int8', p50Ms }],
});

test('what is found out while the store is busy is written once, as it is then', async () => {
  const { choice, memory, written, answer } = remember();
  choice.change(time(1));
  await Promise.resolve();
  for (const p50Ms of [2, 3, 4]) choice.change(time(p50Ms));
  answer.resolve();
  await memory.saved();
  expect(written).toMatchObject([time(1), time(4)]);
});

test('a store that never answers is not waited for', async () => {
  vi.useFakeTimers();
  try {
    const { choice, memory } = remember();
    choice.change(time(1));
    const saved = memory.saved();
    await vi.advanceTimersByTimeAsync(1_000);
    await saved;
  } finally {
    vi.useRealTimers();
  }
});
