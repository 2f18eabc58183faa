import type { Report } from '@nearside/core';
import type { RollupStore } from '../rollup-store.js';
import { DAY_MS, type DeviceReport, HOUR_MS, MONDAY_MS, storeOf } from './fleet-store.js';
import { sketch } from './sample-report.js';

/** 24 phones and 24 desktops report every hour, ten runs each. */
export const DEVICES = 24;
export const THURSDAY_MS = MONDAY_MS + 3 * DAY_MS;
export const FRIDAY_MS = MONDAY_MS + 4 * DAY_MS;

/** The page's address for that Thursday. */
export const THURSDAY = `?from=${new Date(THURSDAY_MS).toISOString()}&to=${new Date(FRIDAY_MS).toISOString()}`;

const OPENED: Partial<Report> = {
  opens: { tried: 1, store: sketch([100], 2) },
};

/**
 * Four days. 1.0.0 on Monday and Tuesday, 1.1.0 from then on. Desktops take 10 ms; phones 40, and 80 on Thursday, when one
 * of their ten runs fails. A label for each bin but the first comes on Thursday noon, and all of them say that the model
 * was right.
 */
export function seededFleet(): Promise<RollupStore> {
  const reports: DeviceReport[] = [];
  for (let hour = 0; hour < 96; hour += 1) {
    const isThursday = hour >= 72;
    const version = hour < 48 ? '1.0.0' : '1.1.0';
    for (let g = 0; g < DEVICES; g += 1) {
      const common: Pick<DeviceReport, 'atMs' | 'g' | 'version' | 'first' | 'more'> = {
        atMs: MONDAY_MS + hour * HOUR_MS,
        g,
        version,
        first: hour % 24 === 0 ? ['version-day', 'version-hour'] : ['version-hour'],
        more: { ...OPENED, ...(hour === 84 && { feedback: LABELS }) },
      };
      const failing = isThursday ? { ok: 9, failed: 1, latencyMs: 80 } : { latencyMs: 40 };
      reports.push(
        { ...common, device: 'phone', ...failing },
        { ...common, device: 'desktop-large', latencyMs: 10 },
      );
    }
  }
  return storeOf(reports);
}

const LABELS: Report['feedback'] = {
  byAge: [
    {
      days: 0,
      bins: [
        [0, 0],
        [1, 1],
        [1, 1],
      ],
      confusion: [
        [0, 0, 1],
        [1, 1, 1],
      ],
    },
  ],
};
