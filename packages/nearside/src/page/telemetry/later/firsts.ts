import type { First } from '@nearside/core';
import type { Dimensions } from './counted.js';

/** What a report may be this device's first of, and where the store remembers of when it last was. */
export interface PossibleFirst {
  readonly first: First;
  readonly key: string;
  /** A UTC day as `2026-11-28`, or an hour as `2026-11-28T14`. */
  readonly period: string;
}

const DAY = 10;
const HOUR = 13;

/**
 * What a report of a window can be the first of. Which of it is so is settled in a transaction of the store: two tabs are
 * one device.
 *
 * @param hasFailed a run failed in the window
 */
export function possibleFirsts(
  { model, version, arm, assigned }: Dimensions,
  { startMs, hasFailed }: { readonly startMs: number; readonly hasFailed: boolean },
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
    ...(arm ? [of('arm-day', side, DAY)] : []),
    ...(arm && hasFailed ? [of('arm-day-failed', side, DAY)] : []),
  ];
}
