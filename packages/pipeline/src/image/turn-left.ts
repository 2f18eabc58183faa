import { cutImage, type Image, imageOnDemand } from './image.js';

/** An image of bytes turned counterclockwise by 90°, read on demand (numpy's `rot90`). */
export function turnLeft(image: Image): Image {
  const { channels } = image;
  const size = { width: image.height, height: image.width, channels };
  return imageOnDemand(size, ({ x, y, width, height }) => {
    const from = { x: image.width - y - height, y: x, width: height, height: width };
    const { data } = cutImage(image, from);
    const out = new Uint8ClampedArray(width * height * channels);
    let o = 0;
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const i = (column * height + height - 1 - row) * channels;
        for (let c = 0; c < channels; c++) out[o++] = data[i + c] as number;
      }
    }
    return { data: out, stride: channels };
  });
}
