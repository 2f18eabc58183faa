import {
  callerInputs,
  checkTensors,
  describe,
  isBuiltInTask,
  isNearsideError,
  type ModelSpec,
  NearsideError,
} from '@nearside/core';
import { isClosed, isDrawable } from './snapshot-input.js';
import { transferablesIn } from './transferables-in.js';

/**
 * Says what is wrong with an input that does not fit, or could not be taken.
 *
 * @param cause what was thrown when it was taken, if anything was
 * @throws NearsideError `input-invalid`, `input-detached` or `decode-failed`
 */
export function refuseInput(input: unknown, spec: ModelSpec, cause?: unknown): void {
  try {
    findFault(input, spec, cause);
  } catch (fault) {
    throw isNearsideError(fault) ? fault : untakeable(spec, fault); // it throws at every look
  }
}

function findFault(input: unknown, spec: ModelSpec, cause: unknown): void {
  const takesPictures = spec.task === 'image-classification' || !isBuiltInTask(spec.task);
  if (typeof input === 'object' && input !== null && 'tensors' in input) {
    checkTensors(input.tensors, callerInputs(spec));
    if (cause === undefined) return;
  } else if (takesPictures && (isClosed(input) || transferablesIn(input).some(isGone))) {
    throw detached(input, cause);
  } else if (cause === undefined) throw unfit(input, spec);
  else if (isDrawable(input) && !isUncloneable(cause)) throw pictureless(input, cause);
  throw untakeable(spec, cause);
}

/** A buffer that is empty may have been so from the beginning. */
function isGone(owned: Transferable): boolean {
  if (!(owned instanceof ArrayBuffer)) return isClosed(owned);
  if (owned.byteLength > 0) return false;
  try {
    return new Uint8Array(owned).length > 0;
  } catch {
    return true;
  }
}

function isUncloneable(cause: unknown): boolean {
  return cause instanceof DOMException && cause.name === 'DataCloneError';
}

/** What nothing could be drawn from. */
function pictureless(source: unknown, cause: unknown): NearsideError {
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
    `Expected a live ${describe(input)}, got one that was transferred or closed, or something in it.`,
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

/** A getter of its own throws, it holds a function, it is a picture from another site. */
function untakeable({ name, task }: ModelSpec, cause: unknown): NearsideError {
  const got = cause instanceof Error ? cause.message : String(cause);
  return new NearsideError(
    'input-invalid',
    `${name}: expected an input for task '${task}' that can be read and cloned, got one that cannot: ${got}`,
    { cause, details: { model: name, task } },
  );
}
