import { rolloutBucket } from '@nearside/artifact';
import type { First, Store } from '@nearside/core';
import type { InstallIdentity } from '../../../shared/install.js';
import type { Dimensions } from './report-subject.js';

/** A version that is new to a device has so many short windows, ms: whether it works is known soon. */
const SHORT_WINDOWS = 5;
const SHORT_MS = 60_000;
/** The length of every other window, ms. */
export const WINDOW_MS = 300_000;

const DAY_MS = 86_400_000;

/** The lengths of a version's windows on a device. */
export interface WindowLengths {
  /** The length of the next one, ms. */
  readonly nextMs: number;
  /** Counts one that is stored. */
  sealed(): readonly [key: string, sealed: number][];
}

/** @param version undefined before one is known */
export async function readWindowLengths(
  store: Pick<Store, 'get'>,
  { model, version }: { readonly model: string; readonly version?: string | undefined },
): Promise<WindowLengths> {
  const key = `i/windows/${model}/${version}`;
  let sealed = version === undefined ? SHORT_WINDOWS : Number((await store.get(key)) ?? 0);
  return {
    get nextMs() {
      return sealed < SHORT_WINDOWS ? SHORT_MS : WINDOW_MS;
    },
    sealed() {
      if (!(sealed < SHORT_WINDOWS)) return [];
      sealed += 1;
      return [[key, sealed]];
    },
  };
}

/** One UTC day of this install. */
export interface ReportingDay {
  /** As `2026-11-25`. */
  readonly name: string;
  /** The install reports on this day: one draw per install and day, the same however often it is asked. */
  readonly isSampled: boolean;
}

export interface ReportingDayRequest {
  readonly identity: InstallIdentity;
  /** `sampleRate` is the share of device-days that report, 0 … 1. */
  readonly target: { readonly sampleRate: number };
  readonly nowMs: number;
}

/** An install's draw for a day is one of so many. */
const BUCKETS = 10_000;

export async function readReportingDay(request: ReportingDayRequest): Promise<ReportingDay> {
  const { identity, target, nowMs } = request;
  const name = utcDay(nowMs);
  const bucket = await rolloutBucket(`report ${name}`, identity.id);
  return { name, isSampled: bucket < target.sampleRate * BUCKETS };
}

/** How many devices one stands for that is sampled at this rate. */
export function weightOf(sampleRate: number): number {
  return BUCKETS / Math.ceil(sampleRate * BUCKETS);
}

export function utcDay(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 10);
}

/** A period that a window may be this device's first of, and where the store remembers when that last was so. */
export interface PossibleFirst {
  readonly first: First;
  readonly key: string;
  /** A UTC day as `2026-11-28`, or an hour as `2026-11-28T14`. */
  readonly period: string;
}

const DAY = 10;
const HOUR = 13;

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
