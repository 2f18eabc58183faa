import type { NamedCounts } from '../counting/counts.js';
import { DAY_MS, utcDay } from '../counting/time.js';
import type { GroupSums, ModelRange, RollupReads } from '../store/rollup-store.js';
import { shownParts } from './shown-parts.js';

/** Devices a day by name within counts (releases of the app or the library), and of all together. */
export interface NamedDevices {
  readonly byName: ReadonlyMap<string, number>;
  readonly all: number;
}

type ByRelease = Readonly<Record<string, NamedCounts>> | undefined;

/** Reads whole UTC days, because a device is counted with its first report of a day. */
export function readWholeDays(
  store: Pick<RollupReads, 'sums'>,
  { model, fromMs, toMs }: ModelRange,
): Promise<GroupSums[]> {
  const range = { fromMs: utcDay(fromMs) * DAY_MS, toMs: (utcDay(toMs - 1) + 1) * DAY_MS };
  return store.sums({ model, ...range, histograms: [] });
}

/** Device-days ÷ days of the range. */
export function devicesByName(
  groups: readonly GroupSums[],
  namesOf: (group: GroupSums) => ByRelease,
  { fromMs, toMs }: ModelRange,
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

/** Stands for all that has no name. */
const REST = Symbol('rest');

/**
 * Returns the names that may be shown beside the whole.
 *
 * @param names all names of the range
 * @param hasRest something of the whole has no name
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
    // a name with reports has at least one device
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
