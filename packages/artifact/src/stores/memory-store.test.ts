import { storeConformance } from '../testing/store-conformance.js';
import { createMemoryStore } from './memory-store.js';

storeConformance('the memory store', async () => {
  const store = createMemoryStore();
  return { open: () => store };
});
