import { persistenceConformance, storeConformance } from '../testing/store-conformance.js';
import { openIndexedDbStore } from './indexeddb-store.js';

let databases = 0;

async function prepare() {
  databases += 1;
  const name = `conformance-${databases}-${Math.random()}`;
  return { open: () => openIndexedDbStore(name) };
}

storeConformance('the IndexedDB store', prepare);
persistenceConformance(prepare);
