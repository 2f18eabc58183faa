import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { float16ToNumber } from './tensor.js';

const PATTERNS = Array.from({ length: 65_536 }, (_, bits) => bits);

/**
 * The SHA-256 of numpy's answer to all patterns, NaNs left out:
 *
 *     halves = np.arange(65536, dtype=np.uint16).view(np.float16).astype(np.float32)
 *     hashlib.sha256(halves[~np.isnan(halves)].tobytes()).hexdigest()
 */
const NUMPY = '680bbc22915f61aa1bbfc7265bc3882a6aa42d299bfd2c571807196e5544de2e';

test('every pattern of 16 bits is the number that numpy takes it for', () => {
  const numbers = PATTERNS.map(float16ToNumber).filter((number) => !Number.isNaN(number));
  const bytes = new Uint8Array(Float32Array.from(numbers).buffer);
  expect(numbers).toHaveLength(63_490);
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(NUMPY);
});

test('a full exponent with a fraction is no number, and nothing else is', () => {
  const nans = PATTERNS.filter((bits) => Number.isNaN(float16ToNumber(bits)));
  expect(nans).toEqual(PATTERNS.filter((bits) => (bits & 0x7fff) > 0x7c00));
});
