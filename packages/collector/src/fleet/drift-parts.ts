import type { Distribution } from '@nearside/core';
import { type CompositionChange, changeSince } from '../statistics/composition-change.js';
import { alarmsOfParts } from '../statistics/drift-alarm.js';
import { isDriftByFew } from './drift-by-few.js';
import { alarmSince, type DriftWindow, type SeenWindow } from './drift-windows.js';
import { nameOf, type PartName } from './observed-bins.js';

/** A device class or a backend that has changed in itself, even if the whole fleet has not. */
export interface PartAlarm extends PartName {
  /** Starts of the windows that alarm, in order. */
  readonly atMs: readonly number[];
  /** Start of the first window of the alarm at the end of the range. Null without one. */
  readonly alarmSinceMs: number | null;
  /** The alarm would end without the four cohorts that carry most of it. */
  readonly isByFew: boolean;
  /** The change in the newest of the windows that alarm. */
  readonly psi: number;
  readonly expectedPsi: number;
  readonly pValue: number;
}

/** A part with fewer of the 64 cohorts, now or in its past, is not tested. */
const FEWEST_COHORTS = 48;

type Changes = readonly (CompositionChange | undefined)[];

interface Asked {
  readonly parts: readonly PartName[];
  readonly distributions: readonly Distribution[];
  /** Changes of the whole fleet, by window and distribution. */
  readonly whole: readonly Changes[];
}

/**
 * Tests parts of the fleet as the whole is tested.
 *
 * @param windows in order of time; undefined where one is not shown
 * @returns the alarms of each distribution, the largest effect first
 */
export function partAlarms(
  windows: readonly (SeenWindow | undefined)[],
  { parts, distributions, whole }: Asked,
): PartAlarm[][] {
  const divided = dividedDimensions(windows);
  const tested = parts.filter(({ dimension }) => divided.has(dimension));
  const changes = windows.map((seen) =>
    tested.map((part) => (seen ? changesOf(part, seen, distributions) : [])),
  );
  const alarms = alarmsOfParts(
    windows.map((_, i) => ({ whole: whole[i] ?? [], parts: changes[i] ?? [] })),
  );
  const lists = changes.map((ofParts, i) => [...(whole[i] ?? []), ...ofParts.flat()]);
  return distributions.map((distribution, position) =>
    tested
      .flatMap((part, k) =>
        partAlarm(
          part,
          windows.flatMap((seen, i) => {
            const change = changes[i]?.[k]?.[position];
            const isAlarm = alarms[i]?.[k]?.[position] ?? false;
            return seen ? [{ window: seen.window, change, isAlarm }] : [];
          }),
          () =>
            isDriftByFew(windows, {
              testedIn: (observed) => observed.parts.get(nameOf(part))?.[position] ?? [],
              lists,
              at: (k + 1) * distributions.length + position,
              isOrdered: 'edges' in distribution,
              fewestCohorts: FEWEST_COHORTS,
            }),
        ),
      )
      .sort((a, b) => b.psi - b.expectedPsi - (a.psi - a.expectedPsi)),
  );
}

interface TestedWindow {
  readonly window: DriftWindow;
  readonly change: CompositionChange | undefined;
  readonly isAlarm: boolean;
}

function partAlarm(
  part: PartName,
  windows: readonly TestedWindow[],
  isByFew: () => boolean,
): PartAlarm[] {
  const alarming = windows.filter(({ isAlarm }) => isAlarm);
  const newest = alarming.at(-1)?.change;
  if (!newest) return [];
  const { psi, expectedPsi, pValue } = newest;
  const alarmSinceMs = alarmSince(
    windows.map(({ window }) => window),
    windows.map(({ isAlarm }) => isAlarm),
  );
  const atMs = alarming.map(({ window }) => window.fromMs);
  const found = { ...part, atMs, alarmSinceMs, psi, expectedPsi, pValue };
  return [{ ...found, isByFew: alarmSinceMs !== null && isByFew() }];
}

/** Finds the dimensions of several parts. A part that is the whole fleet says nothing of its own. */
function dividedDimensions(windows: readonly (SeenWindow | undefined)[]): Set<string> {
  const names = new Set<string>();
  for (const seen of windows) {
    for (const observed of [seen?.now, seen?.past]) {
      for (const name of observed?.parts.keys() ?? []) names.add(name);
    }
  }
  const dimensions = [...names].map((name) => name.split(' ')[0] as string);
  return new Set(dimensions.filter((one, i) => dimensions.indexOf(one) !== i));
}

function changesOf(
  part: PartName,
  { now, past }: SeenWindow,
  distributions: readonly Distribution[],
): Changes {
  const [own, before] = [now.parts.get(nameOf(part)), past.parts.get(nameOf(part))];
  return distributions.map((distribution, position) =>
    changeSince(own?.[position] ?? [], before?.[position] ?? [], {
      isOrdered: 'edges' in distribution,
      fewestCohorts: FEWEST_COHORTS,
    }),
  );
}
