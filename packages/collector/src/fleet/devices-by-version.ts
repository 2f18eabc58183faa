import { utcDay } from '../days.js';
import type { RollupReads } from '../rollup-store.js';

/** Devices of each version on the busiest UTC day that a range touches. */
export async function devicesByVersion(
  store: Pick<RollupReads, 'deviceDays'>,
  {
    model,
    version,
    fromMs,
    toMs,
  }: { model: string; version?: string; fromMs: number; toMs: number },
): Promise<Map<string, number>> {
  const days = await store.deviceDays({ model, fromDay: utcDay(fromMs), toDay: utcDay(toMs - 1) });
  const byVersion = new Map<string, Map<number, number>>();
  for (const { version: own, day, devices } of days) {
    if (own === '' || (version !== undefined && own !== version)) continue;
    const byDay = byVersion.get(own) ?? new Map<number, number>();
    byVersion.set(own, byDay);
    byDay.set(day, (byDay.get(day) ?? 0) + devices);
  }
  return new Map([...byVersion].map(([own, byDay]) => [own, Math.max(...byDay.values())]));
}
