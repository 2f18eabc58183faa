import type { Store, StoredValue } from '@nearside/core';

/** A store that lives as long as its holder: Node, sandboxed frames, private sessions. */
export function createMemoryStore(): Store {
  const values = new Map<string, StoredValue>();
  return {
    kind: 'memory',
    async get(key) {
      return values.get(key);
    },
    async commit({ set, delete: removed = [] }) {
      for (const key of removed) values.delete(key);
      for (const [key, value] of set ?? []) values.set(key, value);
    },
    async keys(prefix) {
      return [...values.keys()].filter((key) => key.startsWith(prefix)).sort();
    },
    async close() {
      values.clear();
    },
  };
}
