import type { DeviceDays, RollupReads } from '../counting/rollup-store.js';
import { utcDay } from '../counting/time.js';

interface Asked {
  readonly model: string;
  readonly version?: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Devices of each version on the busiest UTC day that a range touches. */
export async function devicesByVersion(
  store: Pick<RollupReads, 'deviceDays'>,
  { version, ...query }: Asked,
): Promise<Map<string, number>> {
  const byVersion = new Map<string, DeviceDays[]>();
  for (const one of await readDeviceDays(store, query)) {
    if (one.version === '' || (version !== undefined && one.version !== version)) continue;
    const own = byVersion.get(one.version);
    if (own) own.push(one);
    else byVersion.set(one.version, [one]);
  }
  return new Map([...byVersion].map(([own, days]) => [own, onBusiestDay(days)]));
}

/** Devices of a model on the busiest UTC day that a range touches. */
export async function devicesOfModel(
  store: Pick<RollupReads, 'deviceDays'>,
  query: Omit<Asked, 'version'>,
): Promise<number> {
  return onBusiestDay(await readDeviceDays(store, query));
}

/**
 * Returns the devices of the busiest day. A sum of days would count a device that comes every day many times.
 */
export function onBusiestDay(days: readonly DeviceDays[]): number {
  const byDay = new Map<number, number>();
  for (const { day, devices } of days) byDay.set(day, (byDay.get(day) ?? 0) + devices);
  return Math.max(0, ...byDay.values());
}

/** Devices on the UTC days that a range touches. */
export function readDeviceDays(
  store: Pick<RollupReads, 'deviceDays'>,
  { model, fromMs, toMs }: Asked,
): Promise<DeviceDays[]> {
  return store.deviceDays({ model, fromDay: utcDay(fromMs), toDay: utcDay(toMs - 1) });
}
