/**
 * For an import map and for a script tag, where all that a page might call is one file: the library without `canRun`,
 * which would make it a tenth larger for every page.
 */
export { isNearsideError, NearsideError } from '@nearside/core';
export { clear } from './clear.js';
export { createEngine } from './create-engine.js';
export type * from './index.js';
export { open } from './open.js';
export { openUnsigned } from './open-unsigned.js';
export { prefetch } from './prefetch.js';
export { runtimeAssets } from './runtime-assets.js';
