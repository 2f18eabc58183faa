import { createMemoryStore } from './memory-store.js';
import { storeConformance } from './store-conformance.js';

storeConformance('the memory store', async () => {
  const store = createMemoryStore();
  return { open: () => store };
});
