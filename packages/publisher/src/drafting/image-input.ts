import type { TensorSpec } from '@nearside/core';
import { modelInvalid } from '../errors/model-invalid.js';

export interface ImageSize {
  readonly height: number;
  readonly width: number;
}

/** An input of images, and where its axes are. */
export interface ImageInput extends TensorSpec {
  readonly layout: 'NCHW' | 'NHWC';
  readonly channels: 1 | 3;
}

/** @throws NearsideError `model-invalid` for anything but FP32 images of 1 or 3 channels */
export function imageInput(input: TensorSpec): ImageInput {
  const { name, datatype, shape } = input;
  const isChannels = (axis: number | undefined) => axis === 1 || axis === 3;
  if (datatype === 'FP32' && shape.length === 4) {
    const [, second, , last] = shape;
    if (isChannels(second)) return { ...input, layout: 'NCHW', channels: second as 1 | 3 };
    if (isChannels(last)) return { ...input, layout: 'NHWC', channels: last as 1 | 3 };
    // Axes left free, as `torch.onnx` exports dynamic channels, have PyTorch's own layout.
    if (second === -1) return { ...input, layout: 'NCHW', channels: 3 };
  }
  throw modelInvalid(
    `Input '${name}': expected FP32 images of 1 or 3 channels, got ${datatype} of shape ` +
      `[${shape.join(', ')}].`,
    { name, datatype, shape },
  );
}

/** Height and width as the input has them; −1 where they are free. */
export function sizeOf({ layout, shape }: ImageInput): ImageSize {
  const [, first = -1, second = -1, third = -1] = shape;
  return layout === 'NCHW' ? { height: second, width: third } : { height: first, width: second };
}

/** The shape with the axes that images of a size give to it. */
export function shapeOf({ layout, channels, shape }: ImageInput, size: ImageSize): number[] {
  const [batch = -1] = shape;
  const { height, width } = size;
  return layout === 'NCHW' ? [batch, channels, height, width] : [batch, height, width, channels];
}
