import { ownFields, type Store, type StoreChange, type StoredValue } from '@nearside/core';
import { createLocalLocks } from './local-locks.js';

/** A store that lives as long as its holder: Node, sandboxed frames, private sessions. */
export function createMemoryStore(): Store {
  const values = new Map<string, StoredValue>();
  const locks = createLocalLocks();

  function apply(change: StoreChange): void {
    const { set, delete: removed = [] } = ownFields(change, 1);
    // Values are copied first, so that one that cannot be copied leaves nothing half done.
    const copies = [...(set ?? [])].map(([key, value]) => [key, structuredClone(value)] as const);
    for (const key of removed) values.delete(key);
    for (const [key, value] of copies) values.set(key, value);
  }

  return {
    kind: 'memory',
    async get(key) {
      return structuredClone(values.get(key));
    },
    async keys(prefix) {
      return [...values.keys()].filter((key) => key.startsWith(prefix)).sort();
    },
    async commit(change) {
      apply(change);
    },
    async transact(keys, decide) {
      apply(decide(keys.map((key) => structuredClone(values.get(key)))) ?? {});
    },
    exclusive: locks.hold,
    async close() {
      values.clear();
    },
  };
}
