import { BACKENDS, backendFiles } from '#runtime-files';
import { type AvailableBackend, DEFAULT_BACKENDS } from '../shared/api/backends.js';
import { checkOptions } from '../shared/check-options.js';
import { kindWords } from '../shared/kind-words.js';
import { ASSETS, NO_OPTIONS, type OptionKinds, ownOptions } from '../shared/option-kinds.js';
import { inFull } from './runtime-files/in-folder.js';

/**
 * Addresses of the worker, step and wasm files that a service worker must precache for an offline app.
 *
 * @param backends those the app uses; by default those that `open` tries by itself
 * @param assets as passed to `open`
 * @throws TypeError or RangeError for wrong options
 */
export function runtimeAssets(
  given: { backends?: readonly AvailableBackend[]; assets?: string } = NO_OPTIONS,
): string[] {
  const options = ownOptions(given);
  checkOptions('runtimeAssets', options, KINDS, { words: kindWords });
  const { backends = DEFAULT_BACKENDS, assets } = options;
  const files = backends.flatMap((backend) => {
    const { worker, steps, wasm, common } = backendFiles(backend, assets);
    return [worker, steps, common, wasm].filter((file) => file !== undefined);
  });
  return [...new Set(files.map((url) => inFull(url).href.split('#')[0] as string))];
}

const KINDS: OptionKinds = {
  backends: {
    fits: (names: unknown) =>
      Array.isArray(names) && names.every((name) => BACKENDS.includes(name)),
    expected: `a list of ${BACKENDS.join(', ')}`,
    error: RangeError,
  },
  assets: ASSETS,
};
