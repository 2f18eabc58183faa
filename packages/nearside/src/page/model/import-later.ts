import type { Later } from './load-later.js';

/** Loads the second part as a module, a chunk to bundlers. It is asked for once more where it did not load. */
export const importLater = (): Promise<Later> => import('./later/later.js').catch(loadAgain);

/**
 * Firefox 153 never asks again for a module that did not load, as long as the page lives. An address with a
 * fragment is another module to it, and the same file to servers and caches.
 */
async function loadAgain(cause: Error): Promise<Later> {
  const [address] = /http\S+/.exec(cause.message) ?? [];
  if (!address) throw cause;
  return import(/* @vite-ignore */ /* webpackIgnore: true */ `${address}#${performance.now()}`);
}
