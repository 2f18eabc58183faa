import { parseTrust, type Targets } from '@nearside/artifact';
import { isNearsideError, type NearsideError } from '@nearside/core';
import type { CollectorAccess } from '../fleet/ask-fleet.js';
import { type OfferedToFleet, offeredToFleet } from '../fleet/offered-to-fleet.js';
import { TUF_ROLES, type TufRole } from '../keys/key-files.js';
import {
  openRepository,
  requirePin,
  requireRepository,
} from '../repository/reading/open-repository.js';
import { signedOf } from '../repository/reading/read-repository.js';
import { daysLeft, type ExpiryState, expiryState, lifetimeLeft } from '../signing/lifetimes.js';

export interface StatusOptions {
  /** Directory or URL of a repository. */
  readonly repository: string;
  /** Its pin, if it should be checked. */
  readonly trust?: string | undefined;
  /** A collector to ask how what is out does. */
  readonly fleet?: CollectorAccess | undefined;
  readonly now?: () => number;
}

export interface RepositoryStatus {
  readonly pin: string;
  /** Some role has expired, or has less than a quarter of its lifetime left. */
  readonly expiring: boolean;
  /** Some role expires later than it should: its `state` is `too-long`. */
  readonly tooLong: boolean;
  /** Root, targets, snapshot, timestamp. */
  readonly roles: readonly RoleStatus[];
  /** By model, where a collector was asked. */
  readonly models?: readonly OfferedToFleet[] | undefined;
  /** Why the collector told nothing. */
  readonly fleetProblem?: Pick<NearsideError, 'code' | 'message'> | undefined;
}

export interface RoleStatus {
  readonly role: TufRole;
  readonly version: number;
  readonly expires: string;
  /** Days until then, in tenths; negative afterwards. */
  readonly daysLeft: number;
  /** Share of the role's lifetime that is left, 0 … 1. */
  readonly lifetimeLeft: number;
  /** `too-long`: more than its whole lifetime is left, because the signer's clock was years ahead. */
  readonly state: ExpiryState;
  /** So many of `keyIds` must sign. */
  readonly threshold: number;
  readonly keyIds: readonly string[];
}

/**
 * Tells how long the metadata of a repository is still valid, and how what is out does where a collector is given. A
 * role that was never published is left out.
 *
 * @throws NearsideError `file-missing`, a network code, or a trust code when it does not verify
 * @throws TypeError when `trust` is no pin, or `fleet` no address
 */
export async function status({
  repository,
  trust,
  fleet,
  now = Date.now,
}: StatusOptions): Promise<RepositoryStatus> {
  const expected = trust === undefined ? undefined : await parseTrust(trust);
  const { pin, trusted } = await requireRepository(openRepository(repository), repository);
  if (expected !== undefined) requirePin(pin, expected);
  const nowMs = now();
  const roles = TUF_ROLES.flatMap((role) => {
    const signed = signedOf(trusted, role);
    if (!signed) return [];
    const { keyids, threshold } = trusted.root.roles[role];
    const { version, expires } = signed;
    const left = lifetimeLeft(role, expires, nowMs);
    const facts = { role, version, expires, lifetimeLeft: left, threshold };
    const days = { daysLeft: daysLeft(expires, nowMs) };
    const state = expiryState(role, expires, nowMs);
    return [{ ...facts, ...days, state, keyIds: keyids } as const];
  });
  return {
    pin,
    expiring: roles.some(({ state }) => state === 'expiring' || state === 'expired'),
    tooLong: roles.some(({ state }) => state === 'too-long'),
    roles,
    ...(fleet && trusted.targets && (await askFleet(trusted.targets.signed, fleet))),
  };
}

/** Expiry is told also where a collector is down. */
async function askFleet(
  targets: Targets,
  collector: CollectorAccess,
): Promise<Pick<RepositoryStatus, 'models' | 'fleetProblem'>> {
  try {
    return { models: await offeredToFleet(targets, collector) };
  } catch (error) {
    if (!isNearsideError(error)) throw error;
    const { code, message } = error;
    return { fleetProblem: { code, message } };
  }
}
