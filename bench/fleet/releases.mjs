import { createHash } from 'node:crypto';

export const STABLE = '1.0.0';
export const CANARY = '1.1.0';
export const NEXT = '1.2.0';

const BUCKETS = 10_000;
const SALTS = { [CANARY]: 'fleet', [NEXT]: 'fleet-next' };
/** Each salt draws other devices: a bucket of the first → the bucket of a salt. */
const REDRAWN = { fleet: [1, 0], 'fleet-next': [7919, 4243] };
export const MANIFESTS = {
  [STABLE]: 'a1'.repeat(32),
  [CANARY]: 'b2'.repeat(32),
  [NEXT]: 'c3'.repeat(32),
};
const SEQUENCES = { [STABLE]: 1, [CANARY]: 2, [NEXT]: 3 };
/** What the canaries of a week are given. */
export const EXPERIMENT = experimentOf(SALTS[CANARY]);

/**
 * What signed targets say of a version.
 *
 * @typedef {{
 *   version: string,
 *   manifest: string,
 *   sequence: number,
 *   state: 'canary' | 'stable' | 'revoked',
 *   rollout?: { salt: string, fromBps: number, toBps: number },
 * }} Release
 */

/** @returns {Release} */
export function forAll(version) {
  return { ...named(version), state: 'stable' };
}

/** @returns {Release} */
export function forSome(version, percent) {
  const rollout = { salt: SALTS[version], fromBps: 0, toBps: percent * 100 };
  return { ...named(version), state: 'canary', rollout };
}

/** @returns {Release} */
export function revoked(version, percent) {
  return { ...forSome(version, percent), state: 'revoked' };
}

/**
 * Where releases put a device, as the library's `assignInstall` does: the control is at the other end of the buckets.
 *
 * @param {readonly Release[]} releases the newest first
 */
export function assignmentOf({ bucket }, releases) {
  const everywhere = releases.find(({ state, rollout }) => state === 'stable' && !rollout).version;
  const canary = releases.find(({ state }) => state === 'canary');
  if (!canary) return { arm: 'stable', version: everywhere };
  const { salt, toBps } = canary.rollout;
  const [times, plus] = REDRAWN[salt];
  const drawn = (bucket * times + plus) % BUCKETS;
  const experiment = experimentOf(salt);
  if (drawn < toBps) return { arm: 'canary', version: canary.version, experiment };
  const arm = drawn >= BUCKETS - toBps ? 'control' : 'stable';
  return { arm, version: everywhere, experiment };
}

function named(version) {
  return { version, manifest: MANIFESTS[version], sequence: SEQUENCES[version] };
}

function experimentOf(salt) {
  return createHash('sha256').update(salt).digest('hex').slice(0, 8);
}
