import type { Store, Traces } from '@nearside/core';

const DAY_MS = 86_400_000;

/** Limits of what waits to be sent. */
const LIMITS = Object.freeze({
  /** Some 20 KB each. */
  requests: 10,
  /** As long as a collector keeps them, ms. */
  ageMs: 7 * DAY_MS,
});

/** Traces in one request, as they wait. */
export interface WaitingTraces {
  readonly id: string;
  readonly traces: Traces;
}

/** Traces that wait for delivery, oldest first. Too old ones and too many go without a word: none is a count. */
export function openTraceOutbox(store: Store, endpoints: readonly string[]) {
  // Without what is behind `?`, as reports have it.
  const addresses = endpoints.map((endpoint) => endpoint.split('?')[0]);
  const prefix = `t/${encodeURIComponent(addresses.join(' '))}/`;
  const timeOf = (key: string) => Number(key.slice(prefix.length).split('-')[0]);

  return {
    async put(waiting: WaitingTraces, nowMs: number): Promise<void> {
      const key = `${prefix}${String(Math.round(nowMs)).padStart(15, '0')}-${waiting.id}`;
      await store.commit({ set: new Map([[key, waiting]]) });
    },
    async keys(): Promise<string[]> {
      const keys = await store.keys(prefix);
      const fresh = keys.filter((key) => Math.abs(Date.now() - timeOf(key)) <= LIMITS.ageMs);
      const kept = fresh.slice(-LIMITS.requests);
      const old = keys.filter((key) => !kept.includes(key));
      if (old.length > 0) await store.commit({ delete: old });
      return kept;
    },
    get: async (key: string) => (await store.get(key)) as WaitingTraces | undefined,
    remove: (key: string) => store.commit({ delete: [key] }),
    clear: async () => store.commit({ delete: await store.keys(prefix) }),
  };
}
