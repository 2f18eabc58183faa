import { expect, test } from 'vitest';
import { takeArrays } from './snapshot-input.js';

/** Of a pool that Node does not let be given away. */
const pooled = () => Buffer.from([1, 2, 3]);

test('each is given away or copied by itself: what cannot be given away takes no other with it', () => {
  const given = Float32Array.of(1, 2);
  const kept = pooled();
  const shared = new Uint8Array(new SharedArrayBuffer(2));
  expect(takeArrays([given, kept, shared, ['a']] as never, true)).toEqual([
    Float32Array.of(1, 2),
    Uint8Array.of(1, 2, 3),
    new Uint8Array(2),
    ['a'],
  ]);
  expect([given.length, kept.length, shared.length]).toEqual([0, 3, 2]);
});

test('arrays in one memory go together, also one that is there twice', () => {
  const memory = Float32Array.of(1, 2, 3, 4);
  const front = memory.subarray(0, 2);
  const back = memory.subarray(2);
  const [first, second, third] = takeArrays([front, back, front], true);
  expect([first, second, third]).toEqual([
    Float32Array.of(1, 2),
    Float32Array.of(3, 4),
    Float32Array.of(1, 2),
  ]);
  expect(third).toBe(first);
  expect((second as Float32Array).buffer).toBe((first as Float32Array).buffer);
  expect(memory.length).toBe(0);
});

test('a copy is one, also of a Buffer and of a class of its own', () => {
  class Samples extends Float32Array {
    static get [Symbol.species](): never {
      throw new Error('not to be asked');
    }
  }
  const buffer = pooled();
  const samples = new Samples([1, 2]);
  const copies = takeArrays([buffer, samples] as never, false);
  buffer.fill(9);
  samples.fill(9);
  expect(copies).toEqual([Uint8Array.of(1, 2, 3), Float32Array.of(1, 2)]);
});
