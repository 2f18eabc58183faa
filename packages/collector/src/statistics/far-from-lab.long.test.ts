import { expect, test } from 'vitest';
import { SHARES, shareFar } from '../testing/specialised-fleet.js';

const FOUR_WEEKS = { fleets: 300, windows: 28, distributions: 4 };

test('of 300 fleets none is called far from the lab in four weeks that it is like, nor where it differs as labs do', {
  timeout: 600_000,
}, () => {
  expect(shareFar(SHARES, FOUR_WEEKS)).toBe(0);
  expect(shareFar([0.16, 0.26, 0.28, 0.2, 0.1], FOUR_WEEKS)).toBe(0); // an index of 0.11
});
