import type { First, Store } from '@nearside/core';
import type { Dimensions } from './report-subject.js';

/** A period that a window may be this device's first of, and where the store remembers when that last was so. */
export interface PossibleFirst {
  readonly first: First;
  readonly key: string;
  /** A UTC day as `2026-11-28`, or an hour as `2026-11-28T14`. */
  readonly period: string;
}

const DAY = 10;
const HOUR = 13;

const DAY_MS = 86_400_000;

/** Lists what a window can be the first of; of `arm-day-failed` only if a run fails in it. */
export function possibleFirsts(
  { model, version, arm, assigned }: Omit<Dimensions, 'weight' | 'app'>,
  startMs: number,
): PossibleFirst[] {
  const start = new Date(startMs).toISOString();
  const of = (first: First, what: string, digits: number) => ({
    first,
    key: `i/first/${first}/${model}/${what}`,
    period: start.slice(0, digits),
  });
  const side = `${arm}/${assigned}`;
  return [
    ...(version ? [of('version-day', version, DAY), of('version-hour', version, HOUR)] : []),
    ...(arm ? [of('arm-day', side, DAY), of('arm-day-failed', side, DAY)] : []),
  ];
}

/**
 * Claims those that nobody has claimed, in one transaction: two tabs are one device. A clock that was put back makes no
 * second first.
 *
 * @returns what was claimed
 */
export async function claimFirsts(
  store: Pick<Store, 'transact'>,
  possible: readonly PossibleFirst[],
): Promise<PossibleFirst[]> {
  let claimed: PossibleFirst[] = [];
  await store.transact(
    possible.map(({ key }) => key),
    (stored) => {
      // Days and hours sort as text.
      const tomorrow = new Date(Date.now() + DAY_MS).toISOString();
      claimed = possible.filter(({ period }, i) => {
        const last = String(stored[i] ?? '');
        return period > last || last > tomorrow; // the clock was ahead
      });
      return { set: new Map(claimed.map(({ key, period }) => [key, period])) };
    },
  );
  return claimed;
}

/** Those of what was claimed that a window is told as, which began at `startMs`. */
export function firstsOf(claimed: readonly PossibleFirst[], startMs: number): First[] {
  const start = new Date(startMs).toISOString();
  return claimed.filter(({ period }) => start.startsWith(period)).map(({ first }) => first);
}
