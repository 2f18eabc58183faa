import { BAD_CANARY, MONTH } from './month-scenario.mjs';
import { WEEKS } from './week-scenarios.mjs';

/** At the end of a scenario nothing is left out. */
const LOOKED_AT_MS = 3_600_000;

/**
 * A stretch of time of a fleet that reports to a collector, and what the collector should say at its end.
 *
 * @typedef {{
 *   startMs: number,
 *   endMs: number,
 *   releases: readonly (readonly [fromMs: number, releases: readonly import('./releases.mjs').Release[]])[],
 *   trouble: (device: object, version: string, atMs: number) => Partial<import('./trouble.mjs').Trouble>,
 *   forges?: boolean,
 *   silences?: readonly (readonly [fromMs: number, toMs: number])[],
 *   software?: (device: object, atMs: number) => { app: string, library: string },
 *   faults?: import('./device-faults.mjs').Faults,
 *   features?: readonly string[],
 *   looksEveryMs?: number,
 *   expected: Expected,
 * }} FleetScenario
 *
 * `releases`: what is signed from a time on. `silences`: nobody reports what happens then. `faults`: what goes wrong beside
 * runs; without it devices have at once what they are to have. `looksEveryMs`: the collector looks for findings so often, twice
 * in a row, and as it does in reality in the last hour; without it it does not.
 *
 * @typedef {{
 *   version: string,
 *   driftSinceMs?: number,
 *   segment?: string,
 *   concept?: boolean,
 *   silentSinceMs?: number,
 *   silentHours?: number,
 *   rollouts: readonly { version: string, because?: readonly string[] }[],
 *   written?: readonly string[],
 * }} Expected
 *
 * `version`: the one that drift and accuracy are judged by. `because`: one of these rolls the version back.
 * `written`: findings that are in the log at the end, and whether they have ended.
 *
 * @type {Record<string, FleetScenario>}
 */
export const FLEETS = { ...WEEKS, month: MONTH, 'bad-canary': BAD_CANARY };

/** What is signed at a time. */
export function releasesAt({ releases }, atMs) {
  return releases.findLast(([fromMs]) => fromMs <= atMs)[1];
}

/** Whether the collector looks at the end of this window. It takes two looks in a row for a finding to begin. */
export function isLookedAt({ looksEveryMs, endMs }, atMs, windowMs) {
  if (!looksEveryMs) return false;
  return atMs % looksEveryMs < 2 * windowMs || atMs >= endMs - LOOKED_AT_MS;
}

export function isSilent({ silences = [] }, atMs) {
  return silences.some(([fromMs, toMs]) => fromMs <= atMs && atMs < toMs);
}
