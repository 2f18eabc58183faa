import { runInNewContext } from 'node:vm';
import { expect, expectTypeOf, test } from 'vitest';
import { checkTensors } from './check-tensors.js';
import { kindOf, type PlatformType } from './kind-of.js';

const specs = [{ name: 'x', datatype: 'FP32', shape: [-1] }] as const;
const one = (data: unknown) => ({ x: { datatype: 'FP32', shape: [1], data } });

test('a class is told by its name, of whichever realm and where there is none', () => {
  const foreign = runInNewContext('[new Float32Array(1), new ArrayBuffer(1), new Error("x"), {}]');
  expect(foreign.map(kindOf)).toEqual(['Float32Array', 'ArrayBuffer', 'Error', 'Object']);
  expect([null, undefined, 'text', new AbortController().signal].map(kindOf)).toEqual([
    'Null',
    'Undefined',
    'String',
    'AbortSignal',
  ]);
});

test('tensors of another realm are checked as this one’s', () => {
  expect(checkTensors(one(runInNewContext('new Float32Array(1)')), specs)).toBeUndefined();
  expect(() => checkTensors(one(runInNewContext('new Float64Array(1)')), specs)).toThrow(
    'expected data in a Float32Array, got Float64Array.',
  );
});

test('what only looks like an array is not said to be one', () => {
  expect(() => checkTensors(one(new Proxy(new Float32Array(1), {})), specs)).toThrow(
    'got a Proxy of a Float32Array',
  );
});

test('a type of the platform is itself where the compiler knows it, and none where it does not', () => {
  expectTypeOf<PlatformType<'HTMLVideoElement'>>().toEqualTypeOf<HTMLVideoElement>();
  expectTypeOf<PlatformType<'ImageBitmap'>>().toEqualTypeOf<ImageBitmap>();
  expectTypeOf<PlatformType<'NobodysElement'>>().toBeNever();
});
