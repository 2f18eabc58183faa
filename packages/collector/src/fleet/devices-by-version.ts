import { utcDay } from '../days.js';
import type { DeviceDays, RollupReads } from '../rollup-store.js';

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
  const days = await readDeviceDays(store, query);
  const byVersion = new Map<string, Map<number, number>>();
  for (const { version: own, day, devices } of days) {
    if (own === '' || (version !== undefined && own !== version)) continue;
    const byDay = byVersion.get(own) ?? new Map<number, number>();
    byVersion.set(own, byDay);
    byDay.set(day, (byDay.get(day) ?? 0) + devices);
  }
  return new Map([...byVersion].map(([own, byDay]) => [own, Math.max(...byDay.values())]));
}

/** Devices of a model on the busiest UTC day that a range touches. */
export async function devicesOfModel(
  store: Pick<RollupReads, 'deviceDays'>,
  query: Omit<Asked, 'version'>,
): Promise<number> {
  const byDay = new Map<number, number>();
  for (const { day, devices } of await readDeviceDays(store, query)) {
    byDay.set(day, (byDay.get(day) ?? 0) + devices);
  }
  return Math.max(0, ...byDay.values());
}

/** Devices on the UTC days that a range touches. */
export function readDeviceDays(
  store: Pick<RollupReads, 'deviceDays'>,
  { model, fromMs, toMs }: Asked,
): Promise<DeviceDays[]> {
  return store.deviceDays({ model, fromDay: utcDay(fromMs), toDay: utcDay(toMs - 1) });
}
