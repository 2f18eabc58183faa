import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import pillow from '../../fixtures/pillow.json' with { type: 'json' };
import { grayscale } from './grayscale.js';

test('every one of the 16,777,216 colours has the luma Pillow gives it', () => {
  const hash = createHash('sha256');
  const data = new Uint8Array(65536 * 3);
  for (let red = 0; red < 256; red++) {
    for (let low = 0; low < 65536; low++) {
      data[low * 3] = red;
      data[low * 3 + 1] = low >> 8;
      data[low * 3 + 2] = low & 255;
    }
    hash.update(grayscale({ width: 256, height: 256, channels: 3, data }).data);
  }
  expect(hash.digest('hex')).toBe(pillow.everyColorInGraySha256);
});

test('an image that is gray already, or of floats, is refused', () => {
  const gray = { width: 1, height: 1, channels: 1, data: new Uint8Array(1) } as const;
  const floats = { width: 1, height: 1, channels: 3, data: new Float32Array(3) } as const;
  expect(() => grayscale(gray)).toThrow(RangeError);
  expect(() => grayscale(floats)).toThrow(RangeError);
});
