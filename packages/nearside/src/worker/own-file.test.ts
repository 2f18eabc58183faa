import { expect, test } from 'vitest';
import { readOwnFile } from './own-file.js';

const COME = {
  encodedBodySize: 94_600,
  transferSize: 94_900,
  responseStart: 100,
  responseEnd: 300,
};

test('the pace of the worker’s file leaves out what comes with the headers', () => {
  expect(readOwnFile(JSON.stringify([COME]))).toEqual({
    sizeBytes: 94_600,
    bytesPerSecond: 400_000,
  });
});

test('a worker’s file from a cache, from another origin, or unknown says nothing of the line', () => {
  const unknown = { sizeBytes: 0, bytesPerSecond: 0 };
  const checked = { ...COME, transferSize: 300 };
  const elsewhere = { encodedBodySize: 0, transferSize: 0, responseStart: 0, responseEnd: 300 };
  for (const timing of [checked, elsewhere]) {
    expect(readOwnFile(JSON.stringify([timing]))).toEqual(unknown);
  }
  expect(readOwnFile('[]')).toEqual(unknown);
  expect(readOwnFile(undefined)).toEqual(unknown);
});
