import { randomHex } from '@nearside/artifact';
import { COHORTS, type Store } from '@nearside/core';

/** One install of the app. Only the cohort is ever sent. */
export interface InstallIdentity {
  /** 16 random bytes in hex: decides rollouts and the daily sampling, on this device. */
  readonly id: string;
  /** 0 … 63, random: shared by 1/64 of all installs. */
  readonly cohort: number;
}

const INSTALL_KEY = 'i/install';

/** Made once: two tabs that open at the same time become the same install. */
export async function readInstallIdentity(store: Store): Promise<InstallIdentity> {
  let identity: InstallIdentity = {
    id: randomHex(16),
    cohort: (crypto.getRandomValues(new Uint8Array(1))[0] ?? 0) % COHORTS,
  };
  await store.transact([INSTALL_KEY], ([stored]) => {
    if (!isIdentity(stored)) return { set: new Map([[INSTALL_KEY, identity]]) };
    identity = { id: stored.id, cohort: stored.cohort };
    return undefined;
  });
  return identity;
}

function isIdentity(value: unknown): value is InstallIdentity {
  const { id, cohort } = (value ?? {}) as Partial<InstallIdentity>;
  return /^[0-9a-f]{32}$/.test(String(id)) && isCohort(cohort);
}

function isCohort(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < COHORTS;
}
