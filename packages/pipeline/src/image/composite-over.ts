/** Red, green and blue, 0…255 each. */
export type Color = readonly [red: number, green: number, blue: number];

/**
 * RGBA bytes, alpha not multiplied in, become as they are seen over a colour, in place and with an alpha of 255:
 * round((value · alpha + colour · (255 − alpha)) / 255). Equal to Pillow's `alpha_composite` over that colour, opaque,
 * for every value and alpha.
 *
 * @param rgba [pixels, 4], written
 */
export function compositeOver(
  rgba: Uint8Array | Uint8ClampedArray,
  [overRed, overGreen, overBlue]: Color,
): void {
  for (let i = 0; i < rgba.length; i += 4) {
    const alpha = rgba[i + 3] as number;
    if (alpha === 255) continue;
    const rest = 255 - alpha;
    rgba[i] = divideBy255((rgba[i] as number) * alpha + overRed * rest);
    rgba[i + 1] = divideBy255((rgba[i + 1] as number) * alpha + overGreen * rest);
    rgba[i + 2] = divideBy255((rgba[i + 2] as number) * alpha + overBlue * rest);
    rgba[i + 3] = 255;
  }
}

/** round(sum / 255), exact for products of two bytes (Blinn, IEEE CG&A 14(6), 1994). */
function divideBy255(sum: number): number {
  const shifted = sum + 128;
  return (shifted + (shifted >> 8)) >> 8;
}
