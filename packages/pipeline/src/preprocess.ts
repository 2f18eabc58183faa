import {
  callerInputs,
  checkTensors,
  type ModelSpec,
  NearsideError,
  type PreprocessingStep,
  type Tensor,
  type Tensors,
} from '@nearside/core';
import { decodeImage, type ImageInput } from './decode-image.js';
import { grayscale } from './grayscale.js';
import type { Image } from './image.js';
import { normalize } from './normalize.js';
import { rescale } from './rescale.js';
import { resize } from './resize.js';
import { toTensor } from './to-tensor.js';

/** What one step hands to the next. */
type Stage =
  | { readonly kind: 'raw'; readonly input: unknown }
  | { readonly kind: 'image'; readonly image: Image }
  | { readonly kind: 'tensor'; readonly tensor: Tensor };

/**
 * One raw input → the tensor a model takes: the steps of its spec in their order, then the name of
 * its first input that is no state. The batch axis is 1; shape and datatype are as declared.
 *
 * @throws NearsideError as {@link decodeImage}; `input-invalid` when the result has not the
 * declared shape; `metadata-malformed` for steps that do not fit each other; `signal.reason` when
 * aborted
 */
export async function preprocess(
  input: unknown,
  spec: ModelSpec,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<Tensors> {
  let stage: Stage = { kind: 'raw', input };
  for (const step of spec.preprocessing) {
    signal?.throwIfAborted();
    stage = await apply(step, stage, { maxPixels: spec.limits.maxInputPixels, signal });
  }
  if (stage.kind === 'raw') {
    throw new NearsideError(
      'input-invalid',
      `Model '${spec.name}' has no preprocessing: expected { tensors }, got raw input.`,
    );
  }
  if (stage.kind === 'image') throw malformed('to-tensor as the last step', 'an image');
  const inputs = callerInputs(spec);
  const tensors = { [(inputs[0] as { name: string }).name]: stage.tensor };
  checkTensors(tensors, inputs);
  return tensors;
}

async function apply(
  step: PreprocessingStep,
  stage: Stage,
  limits: { maxPixels: number | undefined; signal: AbortSignal | undefined },
): Promise<Stage> {
  if (step.step === 'decode-image') {
    if (stage.kind !== 'raw') throw malformed('decode-image as the first step', stage.kind);
    return { kind: 'image', image: await decodeImage(stage.input as ImageInput, limits) };
  }
  if (stage.kind !== 'image') throw malformed(`an image before ${step.step}`, stage.kind);
  const { image } = stage;
  switch (step.step) {
    case 'grayscale':
      if (image.channels !== 3 || image.data instanceof Float32Array) {
        throw malformed('8-bit RGB before grayscale', describeImage(image));
      }
      return { kind: 'image', image: grayscale(image) };
    case 'resize':
      return { kind: 'image', image: resize(image, { ...step.size, resample: step.resample }) };
    case 'rescale':
      return { kind: 'image', image: rescale(image, step.rescale_factor) };
    case 'normalize':
      if (step.image_mean.length !== image.channels || step.image_std.length !== image.channels) {
        throw malformed(
          'as many values in image_mean and image_std as channels',
          `${step.image_mean.length}, ${step.image_std.length} and ${describeImage(image)}`,
        );
      }
      if (step.image_std.includes(0)) throw malformed('image_std without zeros', '0');
      return { kind: 'image', image: normalize(image, step.image_mean, step.image_std) };
    case 'to-tensor':
      return { kind: 'tensor', tensor: toTensor(image, step.layout) };
    default:
      return step satisfies never;
  }
}

function describeImage({ channels, data }: Image): string {
  return `${channels} channel${channels === 1 ? '' : 's'} of ${data instanceof Float32Array ? 'floats' : '8 bits'}`;
}

function malformed(expected: string, got: string): NearsideError {
  return new NearsideError(
    'metadata-malformed',
    `model.json, preprocessing: expected ${expected}, got ${got}.`,
    { details: { what: 'model.json', path: 'preprocessing', expected, got } },
  );
}
