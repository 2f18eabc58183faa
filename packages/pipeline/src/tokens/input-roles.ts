import type { Trace } from '../trace.js';

/** The purpose of an input of a text model. */
export type InputRole = 'ids' | 'mask' | 'types';

/** @param name which exporters give to such an input: `input_ids`, `attention_mask`, `token_type_ids` and the like */
export function roleOfInput(name: string): InputRole {
  if (/mask/i.test(name)) return 'mask';
  return /type|segment/i.test(name) ? 'types' : 'ids';
}

/** 1 for each piece that the model was given, 0 for padding; undefined where the model takes no mask. */
export function maskOf({ inputs = {} }: Trace): readonly number[] | undefined {
  const [, mask] = Object.entries(inputs).find(([name]) => roleOfInput(name) === 'mask') ?? [];
  return mask && Array.from(mask.data, Number);
}
