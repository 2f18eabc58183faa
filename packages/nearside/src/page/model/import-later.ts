import type { Later } from './load-later.js';

/** As a module, which bundlers make a chunk of; asked for once more where it could not be had. */
export const importLater = (): Promise<Later> => import('./later/later.js').catch(loadAgain);

/**
 * Firefox 153 asks for a module that it could not have never again, for as long as the page lives; one
 * with a fragment is another to it, and the same to servers and caches.
 */
async function loadAgain(cause: Error): Promise<Later> {
  const [address] = /http\S+/.exec(cause.message) ?? [];
  if (!address) throw cause;
  return import(/* @vite-ignore */ /* webpackIgnore: true */ `${address}#${performance.now()}`);
}
