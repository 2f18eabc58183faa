/**
 * The number that the raw 16 bits of a half-precision float stand for, as IEEE 754-2008, section
 * 3.4, lays out binary16: a sign, five bits of exponent with bias 15, ten bits of fraction. Node
 * 20 has no `Float16Array`. Every such number is exact in a double.
 *
 * @param bits 0 … 65,535, as an FP16 tensor holds them
 * @returns a finite number, ±Infinity or NaN
 */
export function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24; // subnormal
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
