/** A clock that is off by less is left alone: a request takes its time. */
const TOLERANCE_MS = 120_000;

/**
 * When a window began, by this collector's clock. A copy says when it was sent by the device's clock, so that one that
 * is a year off still lands in the right bucket.
 */
export function windowStart({ t0, sent }: { t0: number; sent: number }, arrivedMs: number): number {
  const offMs = arrivedMs - sent;
  const start = Math.abs(offMs) > TOLERANCE_MS ? t0 + offMs : t0;
  // a clock that was set back between the two leaves the start in the future
  return Math.max(0, Math.min(start, arrivedMs));
}
