import { formatClock, formatMoment } from '../words/format.js';
import type { Moment } from './moment.js';

/** Length of the cells that reports are counted in. */
const BUCKET_MS = 300_000;
/** Of all times on the page, but for UTC's days. */
const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** How old the figures are, by the collector's clock. */
export function freshness({ nowMs, toMs }: Moment, lastMs: number): string {
  const minutes = Math.max(0, Math.round((nowMs - lastMs - BUCKET_MS) / 60_000));
  const newest =
    minutes < 10 ? 'reports are coming in' : `newest report of ${formatMoment(lastMs)}`;
  const until =
    nowMs - toMs > 60_000
      ? `Figures until ${formatMoment(toMs)}`
      : `Figures of ${formatClock(nowMs)}`;
  return `${until}, ${newest}. Times are of ${ZONE}.`;
}
