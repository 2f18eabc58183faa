import type { Tensors } from '@nearside/core';
import type { ImageInput as DecodableImage } from '@nearside/pipeline';

/** What an image model takes: what the worker decodes, and elements, pictured at the call. */
export type ImageInput = DecodableImage | HTMLImageElement | HTMLVideoElement;

/**
 * The model's own tensors, by name: the escape hatch. Names, datatypes and shapes are checked, numbers
 * are not: not-a-number and infinities reach the model, and may come back.
 */
export interface TensorInput {
  readonly tensors: Tensors;
}

/** What `run` takes. */
export type Input = ImageInput | TensorInput;
