import type { Trace } from '../trace.js';

/** An input of this name says which of a text's pieces are none that fill up. */
export const MASK = /mask/i;

/** 1 for each piece that counts, 0 for others; undefined where the model takes no mask. */
export function maskOf({ inputs = {} }: Trace): readonly number[] | undefined {
  const [, mask] = Object.entries(inputs).find(([name]) => MASK.test(name)) ?? [];
  return mask && Array.from(mask.data, Number);
}
