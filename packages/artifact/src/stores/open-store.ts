import type { Store } from '@nearside/core';
import { hasIndexedDb } from './has-indexed-db.js';
import { openIndexedDbStore } from './indexeddb-store.js';
import { createMemoryStore } from './memory-store.js';

/** Database one: models, metadata, choices. Database two: reports, which never wait behind it. */
export type Database = 'nearside-models' | 'nearside-reports';

/** IndexedDB where there is one, if only to say that it is unavailable (in an opaque origin), memory elsewhere. */
export function openStore(database: Database, choice: 'auto' | 'memory' = 'auto'): Store {
  return choice === 'auto' && hasIndexedDb() ? openIndexedDbStore(database) : createMemoryStore();
}
