import { kindOf } from '@nearside/core';
import type { WireInput } from '../../../shared/protocol.js';
import { drawBitmap, isElement } from '../snapshot-input.js';
import { snapshotSound } from './snapshot-sound.js';

/**
 * Takes a record, sound, or an input for a task of the app's own, as it is now. Elements and canvases become bitmaps,
 * an `AudioBuffer` its samples; what else there is crosses as it is.
 *
 * @throws what the browser says of what cannot be cloned or drawn
 */
export function snapshotOther(input: unknown, transfer: boolean): WireInput | Promise<WireInput> {
  if (isElement(input)) return drawBitmap(input);
  const value = snapshotSound(input, transfer) ?? (transfer ? input : structuredClone(input));
  return { kind: 'other', value, owned: transferablesIn(value) };
}

const OWNED = ['ArrayBuffer', 'ImageBitmap', 'VideoFrame', 'AudioData'];

/**
 * Everything in a value that can be given away instead of copied: buffers, bitmaps, frames and audio data, in
 * plain objects and arrays.
 */
export function transferablesIn(value: unknown): Transferable[] {
  const seen = new Set<object>();
  const found = new Set<Transferable>();

  function visit(inner: unknown): void {
    if (typeof inner !== 'object' || inner === null || seen.has(inner)) return;
    seen.add(inner);
    const owned = ArrayBuffer.isView(inner) ? inner.buffer : inner;
    if (OWNED.includes(kindOf(owned))) found.add(owned as Transferable);
    else if (Array.isArray(inner)) inner.forEach(visit);
    else if (Object.getPrototypeOf(inner) === Object.prototype) Object.values(inner).forEach(visit);
  }

  visit(value);
  return [...found];
}
