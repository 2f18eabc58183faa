import type { Tensors } from '@nearside/core';

/** RGBA pixels as `ImageData` holds them, row-major, 4 bytes each. */
export interface Pixels {
  readonly data: Uint8ClampedArray<ArrayBuffer> | Uint8Array<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
}

/** What an image model takes. */
export type ImageInput =
  | Blob
  | ImageBitmap
  | ImageData
  | VideoFrame
  | OffscreenCanvas
  | HTMLCanvasElement
  | HTMLImageElement
  | HTMLVideoElement
  | Pixels;

/** The model's own tensors, by name: the escape hatch. */
export interface TensorInput {
  readonly tensors: Tensors;
}

/** What `run` takes. */
export type Input = ImageInput | TensorInput;
