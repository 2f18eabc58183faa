import { deathsKey } from '@nearside/artifact';
import type { ModelSpec } from '@nearside/core';
import { openStore } from '#open-store';
import { AVAILABLE_BACKENDS, type LostPage } from '../../../shared/api/backends.js';
import { LIBRARY_VERSION } from '../../../shared/library-version.js';
import { settlesWithin } from '../../../shared/timers.js';
import type { OpenPlan } from '../../options/plan-opening.js';
import { browserName } from '../page-mark.js';
import { parseRuns, type VersionRuns } from './version-runs.js';

/** A page that died, as the store keeps it. */
export interface Death extends LostPage {
  readonly sequence: number | undefined;
  readonly version: string | undefined;
  /** The version's variants, where it was known by then. */
  readonly variants: ModelSpec['variants'] | undefined;
  readonly browser: string;
  readonly library: string;
  /** The GPU that was seen last; undefined before anybody looked. */
  readonly adapter: string | undefined;
  /** Its version had had three good runs on this device. */
  readonly isSettled: boolean;
  /** A page has taken it for a report, which is sealed at once: if that page dies before, nobody tells of this death. */
  readonly isTaken: boolean;
}

/** `d/<model>`: what a device knows of pages that died, and of runs. */
export interface DeviceRecord {
  readonly deaths: readonly Death[];
  /** Runs of versions on this device, as far as they matter, the version that ran last at the end. */
  readonly runs: readonly VersionRuns[];
}

export const DAY_MS = 24 * 60 * 60 * 1000;

/** Two deaths within this time are no accident, ms. */
export const LASTING_WITHIN_MS = 30 * DAY_MS;

/** Sequences of the versions that serve, or served, on this device, as its ledger has them. */
export interface Versions {
  readonly active?: number;
  readonly previous?: number;
}

/** The database has answered a moment ago. One that takes longer now does not hold up an opening, ms. */
const PATIENCE_MS = 5_000;

const PHASES: readonly unknown[] = [
  'opening',
  'loading',
  'running',
  'warming',
  'tuning',
  'updating',
] satisfies LostPage['phase'][];

/** A model, as its records are found. */
export type Model = Pick<OpenPlan, 'prefix' | 'address'>;

/**
 * Changes a model's record in one transaction. Nobody waits long for the store, and its failure changes nothing for the
 * caller.
 *
 * @param more keys that are read along
 */
export async function changeRecord(
  { prefix, address }: Model,
  more: readonly string[],
  change: (
    known: DeviceRecord,
    more: readonly unknown[],
  ) => { readonly record: DeviceRecord; readonly delete?: readonly string[] } | undefined,
): Promise<void> {
  const key = deathsKey(prefix, address.model);
  const store = openStore('nearside-models', 'auto');
  const work = store.transact([key, ...more], ([value, ...values]) => {
    const changed = change(parseRecord(value, Date.now()), values);
    return changed && { set: new Map([[key, changed.record]]), delete: changed.delete ?? [] };
  });
  await settlesWithin(PATIENCE_MS, work);
  void store.close().catch(() => {});
}

/** Reads whatever lies in the store. Deaths that have had their time are left out. */
export function parseRecord(value: unknown, nowMs: number): DeviceRecord {
  const { deaths, runs } = (value ?? {}) as Partial<DeviceRecord>;
  const known = Array.isArray(deaths) ? deaths : [];
  return {
    deaths: known.flatMap((one) => {
      const death = parseDeath(one, nowMs);
      return death && isKept(death, nowMs) ? [death] : [];
    }),
    runs: parseRuns(runs),
  };
}

function isKept({ isLasting, atMs, library, browser }: Death, nowMs: number): boolean {
  if (nowMs - atMs < LASTING_WITHIN_MS) return true;
  return isLasting && library === LIBRARY_VERSION && browser === browserName();
}

/** A death that seems to come is dated now: the clock was put back since. More than a day ahead nothing is believed. */
export function parseDeath(value: unknown, nowMs: number): Death | undefined {
  const one = (value ?? {}) as Death;
  const { phase, backend = AVAILABLE_BACKENDS[0], variants = [], atMs } = one;
  const { variant = '', version = '', adapter = '', browser, library } = one;
  const isWhole =
    PHASES.includes(phase) &&
    AVAILABLE_BACKENDS.includes(backend) &&
    [variant, version, adapter, browser, library].every((text) => typeof text === 'string') &&
    [one.sequence ?? 0, one.threads].every(Number.isSafeInteger) &&
    Array.isArray(variants) &&
    variants.every((each) => typeof each?.name === 'string') &&
    Number.isFinite(atMs) &&
    atMs <= nowMs + DAY_MS;
  return isWhole ? { ...one, atMs: Math.min(atMs, nowMs) } : undefined;
}
