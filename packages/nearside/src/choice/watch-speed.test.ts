import { expect, test } from 'vitest';
import type { Shift } from '../running/handover.js';
import { EMPTY_RECORD } from './choice-record.js';
import { watchSpeed } from './watch-speed.js';

const ONNX = serving('onnx-wasm', 'int8');
const TFJS = serving('tfjs-wasm', 'uint8');
const MINUTE_MS = 60_000;

/** A model on ONNX Runtime, which took 10 ms when it was measured, and runs that come ten times a second. */
function visit() {
  const handover = { current: ONNX };
  const suspected: number[] = [];
  const measured = [
    { backend: 'onnx-wasm', variant: 'int8', p50Ms: 10 },
    { backend: 'tfjs-wasm', variant: 'uint8', p50Ms: 15 },
  ] as const;
  const { ran } = watchSpeed({
    handover,
    choice: { record: { ...EMPTY_RECORD, measured } },
    onSlow: (rememberedMs) => suspected.push(rememberedMs),
  });
  let nowMs = 0;
  return {
    handover,
    suspected,
    run(itemMs: number, forMs: number) {
      for (const endMs = nowMs + forMs; nowMs < endMs; nowMs += 100) ran(itemMs, nowMs);
    },
  };
}

test('runs that lastingly take more than twice as long as was measured are told of, with what was', () => {
  const { run, suspected } = visit();
  run(19, MINUTE_MS);
  expect(suspected).toEqual([]);
  run(21, MINUTE_MS);
  expect(suspected).toEqual([10]);
});

test('however long it stays slow, it is told of once in ten minutes', () => {
  const { run, suspected } = visit();
  run(30, 9 * MINUTE_MS);
  expect(suspected).toEqual([10]);
  run(30, 2 * MINUTE_MS);
  expect(suspected).toEqual([10, 10]);
  run(30, 50 * MINUTE_MS);
  expect(suspected).toHaveLength(7);
});

test('what takes over is compared with its own time, from its own first run on', () => {
  const { run, suspected, handover } = visit();
  run(30, 4_000);
  handover.current = TFJS;
  run(29, MINUTE_MS);
  expect(suspected).toEqual([]);
  run(31, MINUTE_MS);
  expect(suspected).toEqual([15]);
});

test('what was never measured is not suspected', () => {
  const { run, suspected, handover } = visit();
  handover.current = serving('onnx-webgpu', 'int8');
  run(10_000, MINUTE_MS);
  expect(suspected).toEqual([]);
});

function serving(backend: string, variant: string): Shift {
  return { serving: { backend, variant: { name: variant } } } as unknown as Shift;
}
