import { drawsFrom } from '@nearside/core';

/** Numbers in [0, 1), the same on every machine: they come of whole numbers alone. */
export type Draw = () => number;

/** Seeds beside each other begin alike; the finaliser of MurmurHash3 sets them apart. */
export function drawsOf(seed: number): Draw {
  let state = seed ^ 0x9e3779b9;
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return drawsFrom((state ^ (state >>> 16)) >>> 0 || 1);
}

/**
 * Normally distributed numbers, nearly: the sum of twelve bytes, whose variance is 12 · (256² − 1) / 12. It needs no
 * logarithm, which engines round differently.
 *
 * @returns numbers of mean 0 and standard deviation 1, from −6 to 6
 */
export function normalFrom(draw: Draw): Draw {
  return () => {
    let sum = 0;
    for (let i = 0; i < 4; i += 1) {
      const bits = draw() * 2 ** 24;
      sum += (bits >>> 16) + ((bits >>> 8) & 255) + (bits & 255);
    }
    return (sum - 6 * 255) / 256;
  };
}

/** Some of these, in their order. */
export function someOf<Value>(values: readonly Value[], count: number, draw: Draw): Value[] {
  const left = [...values.keys()];
  const chosen = Array.from({ length: Math.min(count, values.length) }, () => {
    return left.splice(Math.floor(draw() * left.length), 1)[0] as number;
  });
  return chosen.sort((a, b) => a - b).map((at) => values[at] as Value);
}
