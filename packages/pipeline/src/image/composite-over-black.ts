/**
 * RGBA bytes, alpha not multiplied in → RGB bytes as seen over black: round(value · alpha / 255).
 * Equal to Pillow's `alpha_composite` over opaque black for every value and alpha.
 *
 * @param rgba [pixels, 4]
 * @param rgb [pixels, 3], written
 */
export function compositeOverBlack(
  rgba: Uint8Array | Uint8ClampedArray,
  rgb: Uint8Array | Uint8ClampedArray,
): void {
  for (let i = 0, o = 0; i < rgba.length; i += 4, o += 3) {
    const red = rgba[i] as number;
    const green = rgba[i + 1] as number;
    const blue = rgba[i + 2] as number;
    const alpha = rgba[i + 3] as number;
    if (alpha === 255) {
      rgb[o] = red;
      rgb[o + 1] = green;
      rgb[o + 2] = blue;
    } else {
      rgb[o] = divideBy255(red * alpha);
      rgb[o + 1] = divideBy255(green * alpha);
      rgb[o + 2] = divideBy255(blue * alpha);
    }
  }
}

/** round(product / 255), exact for products of two bytes (Blinn, IEEE CG&A 14(6), 1994). */
function divideBy255(product: number): number {
  const shifted = product + 128;
  return (shifted + (shifted >> 8)) >> 8;
}
