// AssemblyScript: the two passes of `src/image/convolve-bytes.ts` with SIMD, bit for bit. `convolve-bytes-simd.ts` lays
// the memory out for them.
//
// SIMD multiplies 16 bits and adds up pairs, so a weight of 2^−22 is two halves: high · 2^15 + low. Sums wrap at 32
// bits, as those of the reference do; therefore the two halves of a sum make up the same sum.
//
// Windows follow each other: i32 start, i32 fours, 8 bytes that mean nothing; then for each four weights a, b, c, d as
// i16: low a, low b, high a, high b, low c, low d, high c, high d. The last four is filled up with zeros. What is read
// for those may lie beyond the pixels, but within the memory.

const PRECISION_BITS = 22;
const LOW_BITS = 15;
/** Bytes before the weights of a window. */
const HEAD = 16;
/** Bytes of four weights. */
const FOUR = 16;

/**
 * Rows of red, green and blue: [rows, width, stride] → [rows, size, 3]. One byte behind them is written too.
 *
 * @param stride bytes from one pixel to the next: 3 or 4
 */
export function convolveColorRows(
  source: usize,
  rowBytes: i32,
  rows: i32,
  stride: i32,
  windows: usize,
  size: i32,
  out: usize,
): void {
  const isOfFour = stride === 4;
  // Takes two pixels apart: each colour of both side by side, in 16 bits. −128 gives zero.
  const first = isOfFour
    ? i8x16(0, -128, 4, -128, 1, -128, 5, -128, 2, -128, 6, -128, -128, -128, -128, -128)
    : i8x16(0, -128, 3, -128, 1, -128, 4, -128, 2, -128, 5, -128, -128, -128, -128, -128);
  const second = i8x16.add(first, i8x16.splat(<i8>(2 * stride)));
  for (let row = 0; row < rows; row++, source += rowBytes) {
    let weights = windows;
    for (let x = 0; x < size; x++, out += 3) {
      let pixels = source + load<i32>(weights) * stride;
      const end = weights + HEAD + load<i32>(weights, 4) * FOUR;
      let low = i32x4.splat(0);
      let high = i32x4.splat(0);
      for (weights += HEAD; weights < end; weights += FOUR, pixels += 4 * stride) {
        const four = v128.load(pixels);
        const two = i8x16.swizzle(four, first);
        const others = i8x16.swizzle(four, second);
        low = i32x4.add(low, i32x4.dot_i16x8_s(two, v128.load32_splat(weights)));
        high = i32x4.add(high, i32x4.dot_i16x8_s(two, v128.load32_splat(weights, 4)));
        low = i32x4.add(low, i32x4.dot_i16x8_s(others, v128.load32_splat(weights, 8)));
        high = i32x4.add(high, i32x4.dot_i16x8_s(others, v128.load32_splat(weights, 12)));
      }
      v128.store32_lane(out, toBytes(low, high), 0);
    }
  }
}

/** Rows of one channel: [rows, width] → [rows, size]. */
export function convolveGrayRows(
  source: usize,
  rowBytes: i32,
  rows: i32,
  windows: usize,
  size: i32,
  out: usize,
): void {
  for (let row = 0; row < rows; row++, source += rowBytes) {
    let weights = windows;
    for (let x = 0; x < size; x++, out++) {
      let pixels = source + load<i32>(weights);
      const end = weights + HEAD + load<i32>(weights, 4) * FOUR;
      let sums = i32x4.splat(0); // low, high, low, high
      for (weights += HEAD; weights < end; weights += FOUR, pixels += 4) {
        const four = v128.load32_zero(pixels);
        const twice = v128.shuffle<i16>(four, four, 0, 0, 1, 1, 0, 0, 0, 0);
        const wide = i16x8.extend_low_i8x16_u(twice);
        sums = i32x4.add(sums, i32x4.dot_i16x8_s(wide, v128.load(weights)));
      }
      const low = i32x4.add(sums, v128.shuffle<i64>(sums, sums, 1, 0));
      const high = v128.shuffle<i32>(low, low, 1, 1, 1, 1);
      v128.store8_lane(out, toBytes(low, high), 0);
    }
  }
}

/**
 * Columns of bytes, whatever their channels: [height, rowBytes] → [size, rowBytes]. Up to 7 bytes behind them are
 * written too.
 */
export function convolveColumns(
  source: usize,
  rowBytes: i32,
  windows: usize,
  size: i32,
  out: usize,
): void {
  for (let y = 0; y < size; y++, out += rowBytes) {
    const start = source + load<i32>(windows) * rowBytes;
    const end = windows + HEAD + load<i32>(windows, 4) * FOUR;
    for (let x = 0; x < rowBytes; x += 8) {
      let pixels = start + x;
      let low = i32x4.splat(0);
      let high = i32x4.splat(0);
      let nextLow = i32x4.splat(0);
      let nextHigh = i32x4.splat(0);
      for (let weights = windows + HEAD; weights < end; weights += 8, pixels += 2 * rowBytes) {
        const row = v128.load_ext<u8>(pixels);
        const below = v128.load_ext<u8>(pixels + rowBytes);
        const four = v128.shuffle<i16>(row, below, 0, 8, 1, 9, 2, 10, 3, 11);
        const nextFour = v128.shuffle<i16>(row, below, 4, 12, 5, 13, 6, 14, 7, 15);
        const lowWeights = v128.load32_splat(weights);
        const highWeights = v128.load32_splat(weights, 4);
        low = i32x4.add(low, i32x4.dot_i16x8_s(four, lowWeights));
        high = i32x4.add(high, i32x4.dot_i16x8_s(four, highWeights));
        nextLow = i32x4.add(nextLow, i32x4.dot_i16x8_s(nextFour, lowWeights));
        nextHigh = i32x4.add(nextHigh, i32x4.dot_i16x8_s(nextFour, highWeights));
      }
      const bytes = toBytes(low, high);
      const nextBytes = toBytes(nextLow, nextHigh);
      v128.store64_lane(out + x, v128.shuffle<i32>(bytes, nextBytes, 0, 4, 0, 4), 0);
    }
    windows = end;
  }
}

/** Four sums, each in two halves, as bytes: rounded, and cut off at 0 and 255. */
function toBytes(low: v128, high: v128): v128 {
  const half = i32x4.splat(1 << (PRECISION_BITS - 1));
  const sums = i32x4.add(i32x4.add(i32x4.shl(high, LOW_BITS), low), half);
  const values = i32x4.shr_s(sums, PRECISION_BITS);
  const narrow = i16x8.narrow_i32x4_s(values, values);
  return i8x16.narrow_i16x8_u(narrow, narrow);
}
