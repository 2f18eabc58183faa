import {
  callerInputs,
  checkTensors,
  describe,
  type ModelSpec,
  NearsideError,
  type Tensors,
} from '@nearside/core';
import { isClosed, isDrawable } from './snapshot-input.js';

/**
 * Says what is wrong with an input that does not fit.
 *
 * @param cause what was thrown when it was taken, if anything was
 * @throws NearsideError `input-invalid`, `input-detached` or `decode-failed`
 */
export function refuseInput(input: unknown, spec: ModelSpec, cause?: unknown): void {
  if (typeof input === 'object' && input !== null && 'tensors' in input) {
    checkTensors(input.tensors as Tensors, callerInputs(spec));
    return;
  }
  if (spec.task !== 'image-classification') throw unfit(input, spec);
  if (isClosed(input)) throw detached(input, cause);
  if (cause === undefined) throw unfit(input, spec);
  throw isDrawable(input) ? pictureless(input, cause) : detached(input, cause);
}

/** What nothing could be drawn from. */
export function pictureless(source: unknown, cause: unknown): NearsideError {
  return new NearsideError(
    'decode-failed',
    `Expected a ${describe(source)} with a picture in it, got one without: not loaded yet, ` +
      'broken, or of no size.',
    { cause, details: { got: describe(source) } },
  );
}

function detached(input: unknown, cause: unknown): NearsideError {
  return new NearsideError(
    'input-detached',
    `Expected a live ${describe(input)}, got one that was transferred or closed.`,
    { cause, details: { got: describe(input) } },
  );
}

function unfit(input: unknown, spec: ModelSpec): NearsideError {
  const images = 'a Blob, ImageData, ImageBitmap, VideoFrame, canvas, image or video element, or ';
  return new NearsideError(
    'input-invalid',
    `${spec.name}: expected ${spec.task === 'image-classification' ? images : ''}{ tensors }, got ` +
      `${describe(input)}.`,
    { details: { model: spec.name, task: spec.task, got: describe(input) } },
  );
}
