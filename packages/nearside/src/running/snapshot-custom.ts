import type { WireInput } from '../protocol.js';
import { drawBitmap, isElement } from './snapshot-input.js';
import { transferablesIn } from './transferables-in.js';

/**
 * Takes an input for a task of the app's own as it is now. Elements and canvases become bitmaps;
 * what else there is crosses as it is.
 *
 * @throws what the browser says of what cannot be cloned or drawn
 */
export function snapshotCustom(input: unknown, transfer: boolean): WireInput | Promise<WireInput> {
  if (isElement(input)) return drawBitmap(input);
  const value = transfer ? input : structuredClone(input);
  return { kind: 'custom', value, owned: transferablesIn(value) };
}
