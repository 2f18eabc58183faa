import { pointerKey } from '@nearside/artifact';
import type { ErrorCode } from '@nearside/core';
import { changeRecord, type Model, type Versions } from './device-record.js';
import {
  LOOKED_AT,
  NEW_RUNS,
  type VersionRun,
  type VersionRuns,
  whyGoBack,
  withRun,
} from './version-runs.js';

/** Told why the active version has to give way to the one before it, as often as that is found. */
export type GiveUp = (sequence: number, code: ErrorCode) => void;

/**
 * Counts the runs of versions on this device, over all its visits: those of a new version at once, later many together.
 *
 * @returns a function to be called after each run
 */
export function countRuns(model: Model, giveUp: GiveUp): (run: VersionRun) => void {
  const waiting: VersionRun[] = [];
  let isDue = false;
  let counting: Promise<unknown> = Promise.resolve();
  /** The version that ran last, once it is new no more. */
  let old: number | undefined;
  /** So many of its runs are waited for: first for those that are looked at, because a visit may have no more. */
  let many = LOOKED_AT;

  async function count(): Promise<void> {
    isDue = false;
    if (waiting.length >= many) many = NEW_RUNS;
    const { version, code } = await storeRuns(model, waiting.splice(0));
    if (!version) return; // the store keeps it waiting
    old = version.good < NEW_RUNS ? undefined : version.sequence;
    if (code) giveUp(version.sequence, code);
  }

  return (run) => {
    waiting.push(run);
    if (isDue || (run.sequence === old && waiting.length < many)) return;
    isDue = true;
    counting = counting.then(count).catch(() => {});
  };
}

interface Counted {
  /** The version that ran last. */
  readonly version?: VersionRuns | undefined;
  /** Why it has to give way. */
  readonly code?: ErrorCode | undefined;
}

async function storeRuns(model: Model, runs: readonly VersionRun[]): Promise<Counted> {
  const { prefix, address } = model;
  let counted: Counted = {};
  await changeRecord(model, [pointerKey(prefix, address.model)], (known, [pointer]) => {
    const { active, previous } = (pointer ?? {}) as Versions;
    const all = runs.reduce(withRun, known.runs);
    const version = all.at(-1) as VersionRuns;
    const before = all.find(({ sequence }) => sequence === previous);
    const mayGoBack = version.sequence === active && previous !== undefined;
    counted = { version, code: mayGoBack ? whyGoBack(version, before) : undefined };
    return { record: { ...known, runs: all } };
  });
  return counted;
}
