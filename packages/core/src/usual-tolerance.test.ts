import { expect, test } from 'vitest';
import { usualTolerance } from './usual-tolerance.js';

test.each([
  ['onnx', 'fp32', 1, { abs: 1e-4, rel: 1e-3 }],
  ['onnx', 'fp32', 234, { abs: 3e-3, rel: 1e-3 }],
  ['onnx', 'fp16', 234, { abs: 0.3, rel: 1e-2 }],
  ['onnx', 'int8', 0.1, { abs: 1e-3, rel: 1e-2 }],
  ['onnx', 'unknown', 100, { abs: 1, rel: 1e-2 }],
  ['tfjs', 'fp32', 10, { abs: 4e-2, rel: 1e-2 }],
] as const)(
  '%s weights of %s allow more for larger values: up to %d',
  (runtime, dtype, largest, allowed) => {
    expect(usualTolerance({ runtime, dtype }, largest)).toEqual(allowed);
  },
);
