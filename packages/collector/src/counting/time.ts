/** Reports are counted in buckets of their window's start. A device's window is as long. */
export const BUCKET_MS = 300_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** A clock that is off by less is not corrected, because a request takes some time. */
const TOLERANCE_MS = 120_000;

/** Days since 1970-01-01, UTC. */
export function utcDay(timeMs: number): number {
  return Math.floor(timeMs / DAY_MS);
}

/**
 * Returns when a window began by this collector's clock. A report says when it was sent by the device's clock, so a
 * clock that is a year off still counts in the right bucket.
 */
export function windowStart({ t0, sent }: { t0: number; sent: number }, arrivedMs: number): number {
  const offMs = arrivedMs - sent;
  const start = Math.abs(offMs) > TOLERANCE_MS ? t0 + offMs : t0;
  // a clock that was set back between the two leaves the start in the future
  return Math.max(0, Math.min(start, arrivedMs));
}
