import { isModelName } from '@nearside/core';
import type { StoreChoice } from '../shared/api/open-options.js';
import { checkOptions } from '../shared/check-options.js';
import { kindWords } from '../shared/kind-words.js';
import { type OptionKinds, ownOptions, STORE, SWITCH } from '../shared/option-kinds.js';
import { loadLater } from './model/load-later.js';

export interface ClearOptions {
  /** One model by its name, whichever repository it came from, and the vectors that `embedAll` kept of it. */
  readonly model?: string | undefined;
  /** All models and vectors, the install's identity and reports that were not sent yet. */
  readonly everything?: boolean | undefined;
  /** The store that `open` was given. */
  readonly store?: StoreChoice | undefined;
}

const KINDS: OptionKinds<keyof ClearOptions> = {
  model: {
    fits: (model: unknown) => typeof model === 'string' && isModelName(model),
    expected: "a model's name, such as 'digits'",
  },
  everything: SWITCH,
  store: STORE,
};

/**
 * Takes models off this device. An open model runs on; the next `open` fetches anew.
 *
 * @throws TypeError or RangeError unless it is told what to clear; NearsideError a store code, or
 *   `assets-unreachable`
 */
export async function clear(given: ClearOptions): Promise<void> {
  const options = ownOptions(given);
  checkOptions('clear', options, KINDS, { words: kindWords });
  const { model, everything = false, store = 'auto' } = options;
  if ((model === undefined) === !everything) {
    throw new TypeError('clear: expected { model: name } or { everything: true }');
  }
  const { clearStored } = await loadLater();
  await clearStored({ model, store });
}
