import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import pillow from '../../fixtures/pillow.json' with { type: 'json' };
import { compositeOverBlack } from './composite-over-black.js';

test('every value with every alpha shows over black as Pillow composites it', () => {
  const rgba = new Uint8Array(256 * 256 * 4);
  for (let pixel = 0; pixel < 65536; pixel++) {
    const x = pixel & 255;
    rgba.set([x, 255 - x, x ^ 85, pixel >> 8], pixel * 4);
  }
  const rgb = new Uint8Array(256 * 256 * 3);
  compositeOverBlack(rgba, rgb);
  expect(createHash('sha256').update(rgb).digest('hex')).toBe(pillow.everyValueAndAlphaSha256);
});
