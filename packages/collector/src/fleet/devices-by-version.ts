import { utcDay } from '../counting/time.js';
import type { DeviceDays, ModelRange, RollupReads } from '../store/rollup-store.js';
import { grouped } from './grouping.js';

/** Devices of each version on the busiest UTC day that a range touches. */
export async function devicesByVersion(
  store: Pick<RollupReads, 'deviceDays'>,
  { version, ...range }: ModelRange & { readonly version?: string },
): Promise<Map<string, number>> {
  const known = (await readDeviceDays(store, range)).filter((one) => one.version !== '');
  const asked = version === undefined ? known : known.filter((one) => one.version === version);
  const byVersion = grouped(asked, (one) => one.version);
  return new Map([...byVersion].map(([own, days]) => [own, onBusiestDay(days)]));
}

/** Returns the devices of the busiest day. A sum of days would count a device that comes every day many times. */
export function onBusiestDay(days: readonly Pick<DeviceDays, 'day' | 'devices'>[]): number {
  const byDay = new Map<number, number>();
  for (const { day, devices } of days) byDay.set(day, (byDay.get(day) ?? 0) + devices);
  return Math.max(0, ...byDay.values());
}

/** Devices on the UTC days that a range touches. */
export function readDeviceDays(
  store: Pick<RollupReads, 'deviceDays'>,
  { model, fromMs, toMs }: ModelRange,
): Promise<DeviceDays[]> {
  return store.deviceDays({ model, fromDay: utcDay(fromMs), toDay: utcDay(toMs - 1) });
}
