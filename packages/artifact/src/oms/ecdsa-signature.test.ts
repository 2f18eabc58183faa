import { generateKeyPairSync, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { derToRawSignature } from './ecdsa-signature.js';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

test('a signature that node:crypto made in DER verifies as r‖s', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (message) => {
      const raw = derToRawSignature(sign('sha256', message, privateKey));
      expect(raw).toHaveLength(64);
      const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const;
      expect(verify('sha256', message, key, raw ?? new Uint8Array())).toBe(true);
    }),
  );
});

test('every pair of integers of up to 32 bytes survives', () => {
  const integer = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const short = fc
    .tuple(integer, fc.integer({ min: 0, max: 32 }))
    .map(([bytes, zeros]) => new Uint8Array(bytes).fill(0, 0, zeros));
  fc.assert(
    fc.property(short, short, (r, s) => {
      const raw = derToRawSignature(sequence(derInteger(r), derInteger(s)));
      expect(raw).toEqual(Uint8Array.of(...r, ...s));
    }),
  );
});

describe('what is not strict DER is no signature', () => {
  const one = [0x02, 0x01, 0x01];
  const malformed: readonly [string, Uint8Array][] = [
    ['nothing', Uint8Array.of()],
    ['a lone tag', Uint8Array.of(0x30)],
    ['an empty sequence', sequence()],
    ['one integer', sequence(one)],
    ['three integers', sequence(one, one, one)],
    ['another tag than a sequence', Uint8Array.of(0x31, 6, ...one, ...one)],
    ['another tag than an integer', sequence([0x03, 0x01, 0x01], one)],
    ['a length that is too short', Uint8Array.of(0x30, 5, ...one, ...one)],
    ['a length that is too long', Uint8Array.of(0x30, 7, ...one, ...one)],
    ['a length in long form', Uint8Array.of(0x30, 0x81, 6, ...one, ...one)],
    ['a byte after the sequence', Uint8Array.of(0x30, 6, ...one, ...one, 0)],
    ['an empty integer', sequence([0x02, 0x00], one)],
    ['a negative integer', sequence([0x02, 0x01, 0x80], one)],
    ['an integer with a needless zero', sequence([0x02, 0x02, 0x00, 0x01], one)],
    ['an integer of 33 bytes', sequence([0x02, 33, ...new Uint8Array(33).fill(1)], one)],
    ['an integer that runs past the end', sequence(one, [0x02, 0x05, 0x01])],
    ['an integer of indefinite length', sequence(one, [0x02, 0x80, 0x01, 0x00, 0x00])],
    ['r‖s itself', new Uint8Array(64).fill(1)],
  ];

  test.each(malformed)('%s', (_, bytes) => {
    expect(derToRawSignature(bytes)).toBeUndefined();
  });

  test('any bytes at all give 64 bytes or nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect([undefined, 64]).toContain(derToRawSignature(bytes)?.length);
      }),
    );
  });

  test('a real signature with any byte cut off its end', () => {
    const signature = sign('sha256', Uint8Array.of(1), privateKey);
    for (let length = 0; length < signature.length; length += 1) {
      expect(derToRawSignature(signature.subarray(0, length))).toBeUndefined();
    }
  });
});

/** Written out from X.690, section 8.3, apart from the code under test. */
function derInteger(bytes: Uint8Array): number[] {
  const digits = [...bytes];
  while (digits.length > 1 && digits[0] === 0) digits.shift();
  const content = (digits[0] ?? 0) >= 0x80 ? [0, ...digits] : digits;
  return [0x02, content.length, ...content];
}

function sequence(...parts: readonly (readonly number[])[]): Uint8Array {
  const content = parts.flat();
  return Uint8Array.of(0x30, content.length, ...content);
}
