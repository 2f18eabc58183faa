import type { Image } from './image.js';

/** Each value × `factor`, multiplied in double and kept in float32, as numpy and Hugging Face do. */
export function rescale(image: Image, factor: number): Image {
  const data = new Float32Array(image.data.length);
  for (let i = 0; i < data.length; i++) data[i] = (image.data[i] as number) * factor;
  return { ...image, data };
}
