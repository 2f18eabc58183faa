import { MAX_REPORT_BYTES, type Report, type Store } from '@nearside/core';

/** Limits of what waits to be sent. */
export const OUTBOX_LIMITS = Object.freeze({
  /** About a month of heavy use of one model, 0.5 MB. */
  reports: 500,
  /** Older reports are dropped and counted, ms. */
  ageMs: 14 * 24 * 60 * 60 * 1000,
});

const PREFIX = 'r/';

export type DropReason = keyof NonNullable<Report['loss']>;

/** Sealed reports that wait for delivery, oldest first. They survive a reload and a crash. */
export interface Outbox {
  put(report: Report): Promise<void>;
  /** Sealed reports by key, oldest first. */
  keys(): Promise<string[]>;
  get(key: string): Promise<Report | undefined>;
  remove(key: string): Promise<void>;
}

export function openOutbox(
  store: Store,
  { onDropped }: { onDropped: (id: string, reason: DropReason) => void },
): Outbox {
  async function drop(key: string, reason: DropReason): Promise<void> {
    await store.commit({ delete: [key] });
    onDropped(key.split('-')[1] ?? key, reason);
  }

  return {
    async put(report) {
      if (new TextEncoder().encode(JSON.stringify(report)).length > MAX_REPORT_BYTES) {
        onDropped(report.id, 'too-large');
        return;
      }
      const keys = await store.keys(PREFIX);
      for (const key of keys.slice(0, Math.max(0, keys.length + 1 - OUTBOX_LIMITS.reports))) {
        await drop(key, 'outbox-full');
      }
      const start = String(report.t0).padStart(15, '0');
      await store.commit({ set: new Map([[`${PREFIX}${start}-${report.id}`, report]]) });
    },
    async keys() {
      const oldest = Date.now() - OUTBOX_LIMITS.ageMs;
      const keys = await store.keys(PREFIX);
      const fresh = keys.filter((key) => Number(key.slice(PREFIX.length).split('-')[0]) >= oldest);
      for (const key of keys.slice(0, keys.length - fresh.length)) await drop(key, 'too-old');
      return fresh;
    },
    async get(key) {
      return (await store.get(key)) as Report | undefined;
    },
    remove: (key) => store.commit({ delete: [key] }),
  };
}
