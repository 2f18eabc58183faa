import type { ModelReference } from '../../shared/api/open-options.js';
import { isPlainObject, ownOptions } from '../../shared/option-kinds.js';

/** A reference is an address with options of its own, which those of the call are added to. */
export function readReference<Options>(
  model: string | ModelReference<unknown, unknown>,
  options: Options | undefined,
): readonly [url: string, options: Options] {
  if (!isPlainObject(model)) return [model as string, options as Options];
  const { url, ...own } = ownOptions(model as ModelReference);
  return [url, { ...own, ...options } as Options];
}
