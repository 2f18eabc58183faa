import {
  callerInputs,
  checkTensors,
  describe,
  isNearsideError,
  kindOf,
  type ModelSpec,
  NearsideError,
} from '@nearside/core';
import { inWords } from '../../../shared/check-options.js';
import { isClosed, isDrawable, PICTURE_TASKS } from '../snapshot-input.js';
import { transferablesIn } from './snapshot-other.js';

/**
 * Says what is wrong with an input that does not fit, or could not be taken.
 *
 * @param cause what was thrown when it was taken, if anything was
 * @throws NearsideError `input-invalid`, `input-detached` or `decode-failed`
 */
export function refuseInput(input: unknown, spec: ModelSpec, cause?: unknown): never {
  try {
    findFault(input, spec, cause);
  } catch (fault) {
    throw isNearsideError(fault) ? fault : untakeable(spec, fault); // it throws at every look
  }
}

function findFault(input: unknown, spec: ModelSpec, cause: unknown): never {
  const mayHold = spec.task !== 'tensors'; // pictures or buffers, which can be closed
  if (typeof input === 'object' && input !== null && 'tensors' in input) {
    if (spec.stages) throw takesNoTensors(spec.name);
    if (hasOtherNames(input.tensors, spec)) throw unfit(input, spec);
    checkTensors(input.tensors, callerInputs(spec));
    throw untakeable(spec, cause ?? new Error('it was something else when it was read before'));
  } else if (mayHold && (isClosed(input) || transferablesIn(input).some(isGone))) {
    throw detached(input, cause);
  } else if (cause === undefined) throw unfit(input, spec);
  else if (isDrawable(input) && isPictureless(cause)) throw pictureless(input, cause);
  throw untakeable(spec, cause);
}

/** True for tensors that the model does not take, such as those that its steps would make. */
function hasOtherNames(tensors: unknown, spec: ModelSpec): boolean {
  const names = callerInputs(spec).map(({ name }) => name);
  return Object.keys(tensors ?? {}).some((name) => !names.includes(name));
}

/** A buffer that is empty may have been so from the beginning. */
function isGone(owned: Transferable): boolean {
  if (kindOf(owned) === 'AudioData') return (owned as AudioData).format === null;
  if (kindOf(owned) !== 'ArrayBuffer') return isClosed(owned);
  const buffer = owned as ArrayBuffer;
  if (buffer.byteLength > 0) return false;
  try {
    return new Uint8Array(buffer).length > 0;
  } catch {
    return true;
  }
}

/** False for an element that cannot be cloned, or is none of a browser's: jsdom's, a Proxy. */
function isPictureless(cause: unknown): boolean {
  return kindOf(cause) === 'DOMException' && (cause as DOMException).name !== 'DataCloneError';
}

function takesNoTensors(model: string): NearsideError {
  return new NearsideError(
    'input-invalid',
    `${model}: expected an input for its first step, because it is several models in one; got { tensors }.`,
    { details: { model } },
  );
}

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
    `Expected a live ${describe(input)}, but it, or a buffer or picture in it, was transferred or closed.`,
    { cause, details: { got: describe(input) } },
  );
}

function unfit(input: unknown, spec: ModelSpec): NearsideError {
  const images =
    'a Blob, ImageData of 8-bit pixels, ImageBitmap, VideoFrame, canvas, image or video element, or ';
  const names = callerInputs(spec).map(({ name }) => name);
  const tensors = names.length > 0 ? `{ tensors: { ${names.join(', ')} } }` : '{ tensors }';
  const { data, tensors: given } = (input ?? {}) as { data?: unknown; tensors?: object };
  const what = given ? `{ tensors: ${inWords(given)} }` : describe(input);
  const got = what + (ArrayBuffer.isView(data) ? ` with a ${describe(data)}` : '');
  return new NearsideError(
    'input-invalid',
    `${spec.name}: expected ${PICTURE_TASKS.includes(spec.task) ? images : ''}${tensors}, got ` +
      `${got}.`,
    { details: { model: spec.name, task: spec.task, got } },
  );
}

/** Never throws, whatever was thrown. */
function thrownInWords(thrown: unknown): string {
  try {
    const isError = thrown instanceof Error || /^(Error|DOMException)$/.test(kindOf(thrown));
    if (isError) return String((thrown as Error).message);
  } catch {} // as what it is, if it has no message
  return inWords(thrown);
}

/** The input has a getter that throws, holds a function, or is a picture from another site. */
function untakeable({ name, task }: ModelSpec, cause: unknown): NearsideError {
  const got = thrownInWords(cause);
  return new NearsideError(
    'input-invalid',
    `${name}: expected an input for task '${task}' that can be read and cloned, got one that cannot: ${got}`,
    { cause, details: { model: name, task } },
  );
}
