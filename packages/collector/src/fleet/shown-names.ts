import type { NamedCounts } from '../counting/counts.js';
import type { GroupSums, RollupReads } from '../counting/rollup-store.js';
import { DAY_MS, utcDay } from '../counting/time.js';
import type { FleetQuery } from './query.js';
import { shownParts } from './shown-parts.js';

/** Devices of names within counts – releases of the app, of the library – a day, and of all. */
export interface NamedDevices {
  readonly byName: ReadonlyMap<string, number>;
  readonly all: number;
}

type ByRelease = Readonly<Record<string, NamedCounts>> | undefined;

/** What a store knows of the UTC days that a range touches: a device is counted with its first report of a day. */
export function readWholeDays(
  store: Pick<RollupReads, 'sums'>,
  { model, fromMs, toMs }: Pick<FleetQuery, 'model' | 'fromMs' | 'toMs'>,
): Promise<GroupSums[]> {
  const range = { fromMs: utcDay(fromMs) * DAY_MS, toMs: (utcDay(toMs - 1) + 1) * DAY_MS };
  return store.sums({ model, ...range, histograms: [] });
}

/** Device-days ÷ days of the range. */
export function devicesByName(
  groups: readonly GroupSums[],
  namesOf: (group: GroupSums) => ByRelease,
  { fromMs, toMs }: Pick<FleetQuery, 'fromMs' | 'toMs'>,
): NamedDevices {
  const days = utcDay(toMs - 1) + 1 - utcDay(fromMs);
  const byName = new Map<string, number>();
  let all = 0;
  for (const group of groups) {
    all += (group.counts.firsts?.['version-day'] ?? 0) / days;
    for (const [name, { deviceDays = 0 }] of Object.entries(namesOf(group) ?? {})) {
      byName.set(name, (byName.get(name) ?? 0) + deviceDays / days);
    }
  }
  return { byName, all };
}

/** What is under no name. */
const REST = Symbol('rest');

/**
 * Names that may be shown beside the whole.
 *
 * @param names all that there are in the range
 * @param hasRest whether anything of the whole is under none of them
 */
export function shownNames(
  names: readonly string[],
  {
    devices: { byName, all },
    hasRest,
    minDevices,
  }: { readonly devices: NamedDevices; readonly hasRest: boolean; readonly minDevices: number },
): Set<string> {
  const known = names.reduce((sum, name) => sum + (byName.get(name) ?? 0), 0);
  const ofPart = (part: string | symbol) =>
    typeof part === 'string' ? (byName.get(part) ?? 0) : all - known;
  const parts: (string | symbol)[] = hasRest ? [...names, REST] : [...names];
  const shown = shownParts(parts, {
    // who reported is one device at least
    devicesOf: (some) =>
      Math.max(
        1,
        some.reduce<number>((sum, part) => sum + ofPart(part), 0),
      ),
    isNamed: (part) => part !== REST,
    minDevices,
  });
  return new Set(shown.filter((part) => typeof part === 'string'));
}
