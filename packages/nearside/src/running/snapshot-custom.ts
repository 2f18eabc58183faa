import { describe, type ModelSpec, NearsideError } from '@nearside/core';
import type { WireInput } from '../protocol.js';
import { pictureless } from './refuse-input.js';
import { drawBitmap, isElement } from './snapshot-input.js';
import { transferablesIn } from './transferables-in.js';

/**
 * Takes an input for a task of the app's own as it is now. Elements and canvases become bitmaps;
 * what else there is crosses as it is.
 *
 * @throws NearsideError `input-invalid` for what cannot be cloned; `decode-failed`
 */
export function snapshotCustom(
  input: unknown,
  { name, task }: ModelSpec,
  transfer: boolean,
): WireInput | Promise<WireInput> {
  if (isElement(input)) {
    return drawBitmap(input).catch((cause) => {
      throw pictureless(input, cause);
    });
  }
  try {
    const value = transfer ? input : structuredClone(input);
    return { kind: 'custom', value, owned: transferablesIn(value) };
  } catch (cause) {
    throw new NearsideError(
      'input-invalid',
      `${name}: expected an input for task '${task}' that can be cloned, got one that cannot: ` +
        (cause instanceof Error ? cause.message : String(cause)),
      { cause, details: { model: name, task, got: describe(input) } },
    );
  }
}
