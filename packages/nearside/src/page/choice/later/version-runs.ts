import type { ErrorCode } from '@nearside/core';
import { AVAILABLE_BACKENDS, type AvailableBackend } from '../../../shared/api/backends.js';
import { type EndedRun, timeOf } from '../../../shared/ended-run.js';
import { isAnothersLoss, isVersionFault } from '../../../shared/failures.js';

/** A run, as far as it tells of its version. */
export interface VersionRun {
  readonly sequence: number;
  readonly backend: AvailableBackend;
  /** The time of its steps, of one input, ms; undefined of a failed run, and of a series, whose inputs are others. */
  readonly ms: number | undefined;
  /** Why it failed, where the version did wrong by itself. */
  readonly code: ErrorCode | undefined;
}

/** What a device keeps of the runs of a version. */
export interface VersionRuns {
  readonly sequence: number;
  /** Good ones, at most {@link NEW_RUNS}. */
  readonly good: number;
  /** The last of them, good or not, the latest last. */
  readonly last: readonly VersionRun[];
}

/** A version is new on a device until it has had so many good runs. */
export const NEW_RUNS = 200;

/** So many runs are looked at, and compared with as many of the version before. */
export const LOOKED_AT = 20;

/** A version that failed so often among them is given up, unless the one before did so too. */
const MOST_FAILED = 10;

/** So is one whose median is so many times that of the one before, and longer by so much, ms. */
const SLOWER_TIMES = 3;
const SLOWER_MS = 50;

/** Runs of so many versions are kept. */
const KEPT_VERSIONS = 4;

/** @returns undefined of a run that tells nothing of its version: the input or the caller is to blame */
export function runOfVersion({ served, outcome, series }: EndedRun): VersionRun | undefined {
  const { backend, version } = served;
  const of = { sequence: version.release.sequence, backend, ms: undefined, code: undefined };
  if (outcome.kind === 'aborted') return undefined;
  if (outcome.kind === 'ok') {
    return series ? of : { ...of, ms: timeOf(outcome.reply) };
  }
  const { error } = outcome;
  return isVersionFault(error) && !isAnothersLoss(error) ? { ...of, code: error.code } : undefined;
}

/** Adds a run to those of its version, which is the last one then. */
export function withRun(all: readonly VersionRuns[], run: VersionRun): readonly VersionRuns[] {
  const { sequence, code } = run;
  const before = all.find((one) => one.sequence === sequence);
  const good = Math.min(NEW_RUNS, (before?.good ?? 0) + (code ? 0 : 1));
  const last = [...(before?.last ?? []), run].slice(-LOOKED_AT);
  const others = all.filter((one) => one !== before);
  return [...others, { sequence, good, last }].slice(-KEPT_VERSIONS);
}

/**
 * Says why a version that is new on this device has to give way to the one before it. Low confidence is no reason: one device
 * sees too little.
 *
 * @returns undefined where it may stay
 */
export function whyGoBack(
  version: VersionRuns,
  before: VersionRuns | undefined,
): ErrorCode | undefined {
  if (version.good >= NEW_RUNS) return undefined;
  const codes = codesOf(version);
  if (codes.length >= MOST_FAILED && codesOf(before).length < MOST_FAILED) return codes.at(-1);
  const isOnSame = version.last[0]?.backend === before?.last[0]?.backend;
  const [ms, beforeMs] = [medianOf(version), medianOf(before)];
  const mostMs = Math.max(SLOWER_TIMES * beforeMs, beforeMs + SLOWER_MS);
  return isOnSame && ms >= mostMs ? 'version-slow' : undefined;
}

function codesOf(version: VersionRuns | undefined): ErrorCode[] {
  return version?.last.flatMap(({ code }) => code ?? []) ?? [];
}

/** @returns NaN, which is never too long, where there are not enough good runs on one backend */
function medianOf(version: VersionRuns | undefined): number {
  const last = version?.last ?? [];
  const ofOne = last.filter(({ backend }) => backend === last[0]?.backend);
  const times = ofOne.flatMap(({ ms }) => ms ?? []).sort((a, b) => a - b);
  return times.length < LOOKED_AT ? Number.NaN : (times[LOOKED_AT / 2] as number);
}

/** Reads whatever lies in the store. */
export function parseRuns(value: unknown): VersionRuns[] {
  return Array.isArray(value) ? value.filter(isWhole) : [];
}

function isWhole(one: VersionRuns | undefined): boolean {
  const { sequence, good, last } = one ?? {};
  return [sequence, good].every(Number.isSafeInteger) && Array.isArray(last) && last.every(isRun);
}

function isRun(one: VersionRun | undefined): boolean {
  const { backend, ms = 0, code = '' } = one ?? {};
  return (
    AVAILABLE_BACKENDS.includes(backend as AvailableBackend) &&
    Number.isFinite(ms) &&
    typeof code === 'string'
  );
}
