import { type Database, openStore as openArtifactStore } from '@nearside/artifact';
import { NearsideError, type Store } from '@nearside/core';
import type { StoreChoice } from './api/open-options.js';

/** Opens one of the two databases. */
export type OpenStore = (database: Database, choice: StoreChoice) => Store;

/** IndexedDB where there is one, memory elsewhere. */
export const openStore: OpenStore = (database, choice) => {
  if (typeof choice !== 'object') return openArtifactStore(database, choice);
  throw new NearsideError(
    'store-unavailable',
    "open: expected `store: 'auto'` or `'memory'` in a browser, got a directory.",
  );
};
