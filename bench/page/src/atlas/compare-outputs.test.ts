import type { Tensor } from 'nearside';
import { expect, test } from 'vitest';
import { compareOutputs } from './compare-outputs.ts';

function floats(...numbers: number[]): Tensor {
  return { datatype: 'FP32', shape: [numbers.length], data: Float32Array.from(numbers) };
}

function difference(want: Tensor, got: Tensor): string | undefined {
  return compareOutputs({ y: want }, { y: got });
}

test('a thousandth of the value, and 1e-7 beside it, are allowed', () => {
  expect(difference(floats(1000, 0), floats(1000.9, 9e-8))).toBeUndefined();
  expect(difference(floats(1000, 0), floats(1002, 0))).toBe('y: 1 of 2 values differ, by up to 2');
  expect(difference(floats(0), floats(2e-7))).toBe('y: 1 of 1 value differs, by up to 2e-7');
});

test('no number equals no number, and infinity only itself', () => {
  const odd = floats(Number.NaN, Number.POSITIVE_INFINITY);
  expect(difference(odd, odd)).toBeUndefined();
  expect(difference(floats(1), floats(Number.NaN))).toContain('NaN instead of 1');
  expect(difference(odd, floats(Number.NaN, 3))).toContain('3 instead of Infinity');
});

test('texts, truths, shapes and datatypes must be the same', () => {
  const text = (word: string): Tensor => ({ datatype: 'BYTES', shape: [], data: [word] });
  expect(difference(text('a'), text('b'))).toContain('"b" instead of "a"');
  const truth = (value: number): Tensor => ({
    datatype: 'BOOL',
    shape: [],
    data: Uint8Array.of(value),
  });
  expect(difference(truth(1), truth(0))).toContain('false instead of true');
  expect(difference(floats(1), { ...floats(1), shape: [1, 1] } as Tensor)).toBe(
    'y: shape [1, 1] instead of [1]',
  );
  expect(difference(truth(1), floats(1))).toBe('y: FP32 instead of BOOL');
  expect(compareOutputs({ y: truth(1) }, {})).toBe('y: no such output');
});

test('halves are compared as numbers, and whole numbers of 64 bits without rounding', () => {
  const halves = (bits: number): Tensor => ({
    datatype: 'FP16',
    shape: [1],
    data: Uint16Array.of(bits),
  });
  expect(difference(halves(0x3c00), halves(0x3c01))).toBeUndefined(); // 1 and 1.00098
  expect(difference(halves(0x3c00), halves(0x3c08))).toContain('by up to 0.00781');
  const whole = (value: bigint): Tensor => ({
    datatype: 'INT64',
    shape: [1],
    data: BigInt64Array.of(value),
  });
  expect(difference(whole(10n), whole(12n))).toContain('by up to 2');
});
