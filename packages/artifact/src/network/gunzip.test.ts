import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gunzip } from './gunzip.js';

function gzip(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(gzipSync(bytes, { level: 9 }));
}

test('gives back what was compressed, up to exactly the limit', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      expect(await gunzip(gzip(bytes), bytes.length)).toEqual(new Uint8Array(bytes));
    }),
    { numRuns: 50 },
  );
});

test('a byte over the limit gives nothing', async () => {
  expect(await gunzip(gzip(new Uint8Array(1000)), 999)).toBeUndefined();
  expect(await gunzip(gzip(Uint8Array.of(1)), 0)).toBeUndefined();
});

test('64 MiB of zeros in 64 KB stop at the limit', async () => {
  const bomb = gzip(new Uint8Array(64 * 1024 * 1024));
  expect(bomb.length).toBeLessThan(70_000);
  expect(await gunzip(bomb, 100_000)).toBeUndefined();
});

test('what is not gzip, or is cut short anywhere, gives nothing', async () => {
  const whole = gzip(new TextEncoder().encode('forty bytes that do not compress well 123'));
  expect(await gunzip(new TextEncoder().encode('{"not":"gzip"}'), 100)).toBeUndefined();
  for (let length = 0; length < whole.length; length += 1) {
    expect(await gunzip(whole.slice(0, length), 100)).toBeUndefined();
  }
});

test('a wrong checksum or length at the end gives nothing', async () => {
  const whole = gzip(new Uint8Array(50));
  for (const fromEnd of [1, 5]) {
    const damaged = whole.slice();
    const index = whole.length - fromEnd;
    damaged[index] = (damaged[index] ?? 0) ^ 1;
    expect(await gunzip(damaged, 100)).toBeUndefined();
  }
});
