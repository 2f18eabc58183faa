/** The build makes this file anew, without a part of Comlink that needs both ends: `without-proxies.mjs`. */
export { expose, releaseProxy, transfer, wrap } from 'comlink';
