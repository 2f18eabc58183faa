import { expect, test } from 'vitest';
import { sound } from '../../fixtures/sound.js';
import { preparePowerSpectrum } from './fourier.js';

/** The definition. */
function powersOf(samples: Float64Array): number[] {
  const n = samples.length;
  return Array.from({ length: Math.floor(n / 2) + 1 }, (_, k) => {
    let [re, im] = [0, 0];
    for (const [i, sample] of samples.entries()) {
      const angle = (-2 * Math.PI * ((i * k) % n)) / n;
      re += sample * Math.cos(angle);
      im += sample * Math.sin(angle);
    }
    return re * re + im * im;
  });
}

const LENGTHS = [...Array.from({ length: 66 }, (_, i) => i + 1), 97, 194, 256, 400, 441, 480, 1000];

test.each(LENGTHS)('of %i numbers it is what the definition says', (n) => {
  const samples = Float64Array.from(sound(n, n));
  const spectrumOf = preparePowerSpectrum(n);
  const expected = powersOf(samples).map((power) => expect.closeTo(power, 8));
  expect(Array.from(spectrumOf(samples))).toEqual(expected);
  expect(Array.from(spectrumOf(samples))).toEqual(expected); // nothing is left of the first
});
