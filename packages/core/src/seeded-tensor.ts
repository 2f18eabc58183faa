import type { SeededTensor } from './golden.js';
import { arrayFromBytes, elementCount, type NumericDatatype, type Tensor } from './tensor.js';

/**
 * A tensor of numbers that a seed stands for, the same everywhere: element by element in row-major order, one draw
 * each. Floats are in [0, 1), bytes have any value, and other integers are 0 or 1, which any vocabulary and any mask
 * holds. With a range floats are in [low, high), and integers low to high.
 *
 * @param seed 1 to 2³² − 1
 */
export function seededTensor({ datatype, shape, seed, range }: SeededTensor): Tensor {
  const draw = drawsFrom(seed);
  const count = elementCount(shape);
  const bytes = new ArrayBuffer(count * 8); // wide enough for every datatype
  const data = arrayFromBytes(datatype, bytes).slice(0, count) as Tensor['data'];
  const toValue = range ? within(range, datatype) : VALUES[datatype];
  for (let i = 0; i < count; i += 1) data[i] = toValue(draw());
  return { datatype, shape, data } as Tensor;
}

/** From a number in [0, 1). FP16 is written as its bits: 2⁻¹ · 1.m, so [0.5, 1). */
const VALUES: Readonly<Record<NumericDatatype, (random: number) => number | bigint>> = {
  BOOL: (random) => Math.floor(random * 2),
  UINT8: (random) => Math.floor(random * 256),
  INT8: (random) => Math.floor(random * 256) - 128,
  UINT16: (random) => Math.floor(random * 2),
  INT16: (random) => Math.floor(random * 2),
  UINT32: (random) => Math.floor(random * 2),
  INT32: (random) => Math.floor(random * 2),
  INT64: (random) => BigInt(Math.floor(random * 2)),
  FP16: (random) => 0x3800 + Math.floor(random * 1024),
  FP32: (random) => random,
  FP64: (random) => random,
};

function within([low, high]: readonly [number, number], datatype: NumericDatatype) {
  if (datatype.startsWith('FP')) return (random: number) => low + random * (high - low);
  const whole = (random: number) => low + Math.floor(random * (high - low + 1));
  return datatype === 'INT64' ? (random: number) => BigInt(whole(random)) : whole;
}

/** Numbers in [0, 1) with 24 random bits, which FP32 holds exactly (xorshift32, Marsaglia 2003). */
export function drawsFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 8) / 2 ** 24;
  };
}
