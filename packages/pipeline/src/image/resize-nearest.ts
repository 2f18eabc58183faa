import { type Image, stripsOf, valuesLike } from './image.js';

/** Each output pixel is a copy of the input pixel under its centre, as Pillow's nearest filter. */
export function resizeNearest(image: Image, width: number, height: number): Image {
  const { channels } = image;
  const columns = positions(image.width, width);
  const rows = positions(image.height, height);
  const out = valuesLike(image, width * height * channels);
  let o = 0;
  let line = 0;
  for (const { y, rows: count, data, stride } of stripsOf(image)) {
    for (; line < height && (rows[line] as number) < y + count; line++) {
      const row = ((rows[line] as number) - y) * image.width;
      for (const column of columns) {
        const pixel = (row + column) * stride;
        for (let c = 0; c < channels; c++) out[o++] = data[pixel + c] as number;
      }
    }
  }
  return { width, height, channels, data: out };
}

/**
 * Input position of each output position. Pillow (src/libImaging/Geometry.c, `ImagingScaleAffine`)
 * steps by adding the scale up, so rounding errors add up too; we must add as well to agree. They
 * stay far below the half step that would leave the image: size² · 2^−52 < 1/2.
 */
function positions(inputSize: number, outputSize: number): Int32Array {
  const scale = inputSize / outputSize;
  const table = new Int32Array(outputSize);
  let position = scale * 0.5;
  for (let o = 0; o < outputSize; o++) {
    table[o] = Math.trunc(position);
    position += scale;
  }
  return table;
}
