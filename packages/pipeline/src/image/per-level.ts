import { type Image, isOfBytes, type Levels } from './image.js';

/**
 * Makes each value from the value in its place and its channel alone. For bytes that is computed 256 times a channel,
 * with the same rounding, and what is done after it is too: one pass over the pixels is left, when they are asked for.
 *
 * @param work what an image becomes, in float32 and in memory of its own
 */
export function perLevel(image: Image, work: (image: Image) => Float32Array): Image {
  const { width, height, channels } = image;
  if (!image.levels && !isOfBytes(image)) return { width, height, channels, data: work(image) };
  const { bytes, table: before } = image.levels ?? {
    bytes: image.data as Levels['bytes'],
    table: Uint8Array.from({ length: 256 * channels }, (_, i) => i / channels),
  };
  const table = work({ width: 256, height: 1, channels, data: before });
  let data: Float32Array | undefined;
  return {
    width,
    height,
    channels,
    levels: { bytes, table },
    get data() {
      data ??= interleaved({ bytes, table }, channels);
      return data;
    },
  };
}

/** [H, W, C] */
export function interleaved({ bytes, table }: Levels, channels: number): Float32Array<ArrayBuffer> {
  const data = new Float32Array(bytes.length);
  for (let c = 0; c < channels; c++) {
    for (let i = c; i < data.length; i += channels) {
      data[i] = table[(bytes[i] as number) * channels + c] as number;
    }
  }
  return data;
}
