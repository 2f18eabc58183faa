/**
 * For an import map and for a script tag, where all that a page might call is one file: the library without `canRun`,
 * which would make it a tenth larger for every page.
 */
export { isNearsideError, NearsideError } from '@nearside/core';
export type * from './index.js';
export { clear } from './page/clear.js';
export { createEngine } from './page/create-engine.js';
export { open } from './page/open.js';
export { openUnsigned } from './page/open-unsigned.js';
export { prefetch } from './page/prefetch.js';
export { runtimeAssets } from './page/runtime-assets.js';
