import { NearsideError, shareOnce } from '@nearside/core';

export type Later = typeof import('../later.js');

/**
 * Loads what is needed only after the first result; once, whoever asks.
 *
 * @throws NearsideError `assets-unreachable`
 */
export const loadLater = /* @__PURE__ */ shareOnce(async (): Promise<Later> => {
  try {
    return await import('../later.js').catch(loadAgain);
  } catch (cause) {
    throw new NearsideError(
      'assets-unreachable',
      "Expected to load the library's second part, got a failure. Is it served, or cached, beside the first?",
      { cause, retryable: true },
    );
  }
});

/**
 * Firefox 153 asks for a module that it could not have never again, for as long as the page lives; one
 * with a fragment is another to it, and the same to servers and caches.
 */
async function loadAgain(cause: Error): Promise<Later> {
  const [address] = /http\S+/.exec(cause.message) ?? [];
  if (!address) throw cause;
  return import(/* @vite-ignore */ /* webpackIgnore: true */ `${address}#${performance.now()}`);
}
