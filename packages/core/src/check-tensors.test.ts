import { expect, test } from 'vitest';
import { checkTensors } from './check-tensors.js';
import type { TensorSpec } from './tensor.js';

const TEXTS: TensorSpec[] = [{ name: 'x', datatype: 'BYTES', shape: [-1] }];

function check(data: unknown[]): void {
  checkTensors({ x: { datatype: 'BYTES', shape: [data.length], data } }, TEXTS);
}

test('strings are a tensor of text, empty ones too', () => {
  expect(() => check(['a', '', '\ud83d\ude00'])).not.toThrow();
});

test.each([
  ['a string that ONNX Runtime would take for its first part', ['a\0b'], 'one with it'],
  ['a number', ['a', 5], 'number 5'],
  ['an object', [{ toString: () => 'a' }], 'Object'],
  ['a hole', Array(1), 'undefined'],
])('%s is no text of a tensor', (_, data, got) => {
  expect(() => check(data)).toThrow(
    `Tensor 'x': expected strings without the character U+0000, got ${got}.`,
  );
});
