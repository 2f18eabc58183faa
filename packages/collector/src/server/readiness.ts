import { LEAST_FREE_BYTES } from '../store/disk-room.js';

/** A check writes to the disk, so a caller who asks more often gets the last answer. */
const KEEP_MS = 1_000;

export type Readiness = {
  readonly status: 'ready' | 'not-ready';
  readonly checks: Readonly<Record<'writable' | 'disk' | 'migrated', 'ok' | 'failed'>>;
};

export interface ReadinessOptions {
  /** Rejects when the store cannot write. */
  readonly write: () => Promise<unknown>;
  /** Free bytes on the store's disk, or undefined where the store is in memory. */
  readonly freeBytes: () => Promise<number | undefined>;
  /** A monotonic clock, ms. */
  readonly now?: () => number;
}

/** Checks whether reports can be taken now, for load balancers. `/healthz` says whether the process lives. */
export function createReadiness({
  write,
  freeBytes,
  now = () => performance.now(),
}: ReadinessOptions): () => Promise<Readiness> {
  let last: { atMs: number; answer: Promise<Readiness> } | undefined;

  async function check(): Promise<Readiness> {
    const [writable, free] = await Promise.all([
      write().then(
        () => 'ok' as const,
        () => 'failed' as const,
      ),
      freeBytes().catch(() => 0),
    ]);
    const disk = free === undefined || free >= LEAST_FREE_BYTES ? 'ok' : 'failed';
    return {
      status: writable === 'ok' && disk === 'ok' ? 'ready' : 'not-ready',
      // a store of another schema is not opened
      checks: { writable, disk, migrated: 'ok' },
    };
  }

  return () => {
    const nowMs = now();
    if (!last || nowMs - last.atMs >= KEEP_MS) last = { atMs: nowMs, answer: check() };
    return last.answer;
  };
}
