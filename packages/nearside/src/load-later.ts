import { NearsideError } from '@nearside/core';

export type Later = typeof import('./later.js');

/**
 * Loads what is needed only after the first result; once, as modules are.
 *
 * @throws NearsideError `assets-unreachable`
 */
export async function loadLater(): Promise<Later> {
  try {
    return await import('./later.js');
  } catch (cause) {
    throw new NearsideError(
      'assets-unreachable',
      "Expected to load the library's second part, got a failure. Is it served beside the first, and " +
        'cached with it where the page is to work offline?',
      { cause, retryable: true },
    );
  }
}
