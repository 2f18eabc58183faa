import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import pillow from '../../fixtures/pillow.json' with { type: 'json' };
import { type Color, compositeOver } from './composite-over.js';

test.each([
  { color: [0, 0, 0], sha256: pillow.everyValueAndAlphaSha256 },
  ...pillow.everyValueAndAlphaOver,
])(
  'every value with every alpha shows over $color as Pillow composites it',
  ({ color, sha256 }) => {
    const rgba = new Uint8Array(256 * 256 * 4);
    for (let pixel = 0; pixel < 65536; pixel++) {
      const x = pixel & 255;
      rgba.set([x, 255 - x, x ^ 85, pixel >> 8], pixel * 4);
    }
    compositeOver(rgba, color as unknown as Color);
    expect(rgba.every((value, i) => i % 4 !== 3 || value === 255)).toBe(true);
    const rgb = rgba.filter((_, i) => i % 4 !== 3);
    expect(createHash('sha256').update(rgb).digest('hex')).toBe(sha256);
  },
);
