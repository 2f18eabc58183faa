import type { Later } from './load-later.js';
import { trusted } from './platform/start-elsewhere.js';

/** Written in by the build: the SHA-384 of the second script, as `integrity` takes it. */
declare const __LATER_INTEGRITY__: string;

/** Read while the script runs: later nothing says which it was. */
const { src, nonce } = (globalThis.document?.currentScript ?? {}) as Partial<HTMLScriptElement>;

/** For the script tag: as a second script beside the first, which has to be the one that this was built with. */
export async function importLater(): Promise<Later> {
  const script = document.createElement('script');
  script.src = trusted(new URL('nearside.later.js', src).href);
  script.integrity = __LATER_INTEGRITY__;
  script.crossOrigin = 'anonymous';
  if (nonce) script.nonce = nonce;
  await new Promise((resolve, reject) => {
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${script.src} did not load`));
    document.head.append(script);
  });
  script.remove();
  return (globalThis as unknown as { nearside: { later: Later } }).nearside.later;
}
