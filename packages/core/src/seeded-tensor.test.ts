import { expect, test } from 'vitest';
import { seededTensor } from './seeded-tensor.js';
import type { NumericDatatype } from './tensor.js';

/** As `seeded_tensor` in the publisher's golden.py gives them for seed 7. */
const KNOWN: [NumericDatatype, number[], unknown[]][] = [
  [
    'FP32',
    [2, 3],
    [
      0.0004405975341796875, 0.10952103137969971, 0.9038963913917542, 0.7147876024246216,
      0.6646947264671326, 0.48851478099823,
    ],
  ],
  ['FP64', [2], [0.0004405975341796875, 0.10952103137969971]],
  ['FP16', [3], [14336, 14448, 15261]],
  ['UINT8', [4], [0, 28, 231, 182]],
  ['INT8', [4], [-128, -100, 103, 54]],
  ['INT32', [5], [0, 0, 1, 1, 1]],
  ['INT64', [5], [0n, 0n, 1n, 1n, 1n]],
  ['BOOL', [5], [0, 0, 1, 1, 1]],
];

test.each(KNOWN)('a seed stands for the same %s numbers as in Python', (datatype, shape, known) => {
  const tensor = seededTensor({ datatype, shape, seed: 7 });
  expect(tensor.shape).toEqual(shape);
  expect(Array.from(tensor.data as ArrayLike<unknown>)).toEqual(
    datatype === 'FP32' ? known.map((value) => Math.fround(value as number)) : known,
  );
});

test('a range holds all of them, the same as in Python: integers to its end, floats below it', () => {
  const drawn = (datatype: NumericDatatype, range: [number, number]) =>
    Array.from(seededTensor({ datatype, shape: [5], seed: 7, range }).data as ArrayLike<unknown>);
  expect(drawn('INT64', [0, 30521])).toEqual([13n, 3342n, 27588n, 21816n, 20287n]);
  expect(drawn('INT32', [-3, 3])).toEqual([-3, -3, 3, 2, 1]);
  expect(drawn('INT64', [16000, 16000])).toEqual([16000n, 16000n, 16000n, 16000n, 16000n]);
  expect(drawn('FP64', [-2, 2])).toEqual([
    -1.9982376098632812, -1.5619158744812012, 1.6155855655670166, 0.8591504096984863,
    0.6587789058685303,
  ]);
});

test('the largest seed is one like any other', () => {
  const { data } = seededTensor({ datatype: 'FP64', shape: [2], seed: 2 ** 32 - 1 });
  expect(Array.from(data as ArrayLike<number>)).toEqual([5.91278076171875e-5, 0.9844968914985657]);
});
