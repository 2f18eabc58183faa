import type { Later } from './load-later.js';

/** As a module: bundlers make a chunk of it. */
export const importLater = (): Promise<Later> => import('./later.js');
