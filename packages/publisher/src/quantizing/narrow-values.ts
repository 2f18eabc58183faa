import { float16ToNumber } from '@nearside/core';

/** Integers lie between −127 and 127, so that a value and its negative round alike. */
const MOST = 127;

/**
 * Rounds to integers of 8 bits, symmetrically, with a scale for each index of one axis: the largest of its values
 * becomes 127. The same values give the same integers on every machine.
 *
 * @param axis the axis whose indices have a scale each
 */
export function toInt8(
  from: Float32Array,
  { shape, axis }: { shape: readonly number[]; axis: number },
): { values: Int8Array; scales: Float32Array; roundingError: number } {
  const channels = shape[axis] as number;
  const inner = shape.slice(axis + 1).reduce((product, length) => product * length, 1);
  const channelOf = (i: number) => Math.floor(i / inner) % channels;
  const largest = new Float32Array(channels);
  for (let i = 0; i < from.length; i += 1) {
    const channel = channelOf(i);
    largest[channel] = Math.max(largest[channel] as number, Math.abs(from[i] as number));
  }
  const scales = largest.map(scaleFor);
  const values = new Int8Array(from.length);
  const roundingError = measureRounding(from, (value, i) => {
    const scale = scales[channelOf(i)] as number;
    const rounded = Math.max(-MOST, Math.min(MOST, Math.round(value / scale)));
    values[i] = rounded;
    return rounded * scale;
  });
  return { values, scales, roundingError };
}

/** The largest value stays finite when it is computed again. A channel of zeros stays zero with any scale. */
function scaleFor(largest: number): number {
  const scale = Float32Array.of(largest / MOST || 1);
  const bits = new Uint32Array(scale.buffer);
  while (Math.fround((scale[0] as number) * MOST) === Number.POSITIVE_INFINITY) {
    bits[0] = (bits[0] as number) - 1; // the next smaller float
  }
  return (scale[0] as number) || 1;
}

/**
 * Rounds to bytes, which stand for `byte × scale + min`. Zero stays zero where it lies between the least and the largest.
 *
 * @returns undefined if a byte would stand for what is too large for a float
 */
export function toUint8(
  from: Float32Array,
): { values: Uint8Array; scale: number; min: number; roundingError: number } | undefined {
  let [least, largest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of from) {
    if (value < least) least = value;
    if (value > largest) largest = value;
  }
  const scale = (largest - least) / 255 || 1;
  const min = least < 0 && largest >= 0 ? Math.round(least / scale) * scale : least;
  if (![min, 255 * scale + min].map(Math.fround).every(Number.isFinite)) return undefined;
  const values = new Uint8Array(from.length);
  const roundingError = measureRounding(from, (value, i) => {
    const byte = Math.max(0, Math.min(255, Math.round((value - min) / scale)));
    values[i] = byte;
    return byte * scale + min;
  });
  return { values, scale, min, roundingError };
}

/** Rounding to a half float of 11 bits loses at most this share, except of numbers below 2⁻¹⁴: IEEE 754-2008, section 3.6. */
const MOST_ROUNDING = 2 ** -11;

/**
 * Rounds to half floats, to the nearest and of two to the even one.
 *
 * @returns undefined if a value is too large for a half float, or they are so small that more is lost than of others
 */
export function toFloat16(
  from: Float32Array,
): { values: Uint16Array; roundingError: number } | undefined {
  const bits = new Uint32Array(from.buffer, from.byteOffset, from.length);
  const values = new Uint16Array(from.length);
  for (let i = 0; i < from.length; i += 1) {
    const half = halfOf(bits[i] as number);
    if ((half & 0x7c00) === 0x7c00) return undefined;
    values[i] = half;
  }
  const roundingError = measureRounding(from, (_, i) => float16ToNumber(values[i] as number));
  return roundingError > MOST_ROUNDING ? undefined : { values, roundingError };
}

/** From binary32 to binary16, as IEEE 754-2008, section 3.4, lays them out. What is too large becomes infinite. */
function halfOf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 127 + 15;
  const fraction = bits & 0x7fffff;
  if (exponent >= 31) return sign | 0x7c00;
  if (exponent < -10) return sign; // less than half of the smallest half float
  if (exponent > 0) return sign | roundedShift((exponent << 23) | fraction, 13);
  return sign | roundedShift(fraction | 0x800000, 14 - exponent); // subnormal
}

/** Shifts to the right and rounds to the nearest, of two to the even one. A carry goes on into the exponent. */
function roundedShift(bits: number, by: number): number {
  const kept = bits >>> by;
  const rest = bits & ((1 << by) - 1);
  const half = 1 << (by - 1);
  return rest > half || (rest === half && kept & 1) ? kept + 1 : kept;
}

/** @returns the square root of the share of the values' energy that is lost: 0 for nothing */
function measureRounding(
  from: Float32Array,
  narrowed: (value: number, index: number) => number,
): number {
  let [energy, lost] = [0, 0];
  for (let i = 0; i < from.length; i += 1) {
    const value = from[i] as number;
    energy += value * value;
    lost += (value - narrowed(value, i)) ** 2;
  }
  return energy === 0 ? 0 : Math.sqrt(lost / energy);
}
