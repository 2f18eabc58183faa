import { trusted } from '../platform/start-elsewhere.js';
import type { Later } from './load-later.js';

/** Written in by the build: the SHA-384 of the second script, as `integrity` takes it. */
declare const __LATER_INTEGRITY__: string;
/** Written in by the build: the global that the second script makes; another build's has another name. */
declare const __LATER_NAME__: string;

/** Read while the script runs: `currentScript` is null later. */
const { src, nonce } = (globalThis.document?.currentScript ?? {}) as Partial<HTMLScriptElement>;

/**
 * Loads the second part for the script tag: a second script beside the first, of the same build. It is asked for
 * once more where it did not load.
 */
export function importLater(): Promise<Later> {
  return addScript().catch(addScript);
}

async function addScript(): Promise<Later> {
  const script = document.createElement('script');
  script.src = trusted(new URL('nearside.later.js', src).href);
  if (!script.src.startsWith('file:')) {
    script.integrity = __LATER_INTEGRITY__;
    script.crossOrigin = 'anonymous'; // no file can be read across origins, the page's own either
  }
  if (nonce) script.nonce = nonce;
  await new Promise((resolve, reject) => {
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${script.src} did not load`));
    document.head.append(script);
  }).finally(() => script.remove());
  const later = (globalThis as unknown as Record<string, Later | undefined>)[__LATER_NAME__];
  if (!later) throw new Error(`${script.src} is not the second part of this build`);
  return later;
}
