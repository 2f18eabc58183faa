import { openIndexedDbStore } from './indexeddb-store.js';
import { persistenceConformance, storeConformance } from './store-conformance.js';

let databases = 0;

async function prepare() {
  databases += 1;
  const name = `conformance-${databases}-${Math.random()}`;
  return { open: () => openIndexedDbStore(name) };
}

storeConformance('the IndexedDB store', prepare);
persistenceConformance(prepare);
