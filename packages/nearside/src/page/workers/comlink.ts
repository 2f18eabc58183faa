/** The page's end of Comlink: `build-bundles.mjs` makes this file anew without the end that answers, which workers have. */
export { releaseProxy, transfer, wrap } from 'comlink';
