import { toHex } from '@nearside/artifact';
import { COHORTS, type Store } from '@nearside/core';

/** What one install of the app is to itself. Never sent; only the cohort is. */
export interface InstallIdentity {
  /** 16 random bytes in hex: decides rollouts and the daily sampling, on this device. */
  readonly id: string;
  /** 0 … 63, random: shared by 1/64 of all installs. */
  readonly cohort: number;
}

const INSTALL_KEY = 'i/install';

export async function readInstallIdentity(store: Store): Promise<InstallIdentity> {
  const stored = (await store.get(INSTALL_KEY)) as Partial<InstallIdentity> | undefined;
  if (stored && /^[0-9a-f]{32}$/.test(String(stored.id)) && isCohort(stored.cohort)) {
    return { id: String(stored.id), cohort: stored.cohort };
  }
  const identity = {
    id: toHex(crypto.getRandomValues(new Uint8Array(16))),
    cohort: (crypto.getRandomValues(new Uint8Array(1))[0] ?? 0) % COHORTS,
  };
  await store.commit({ set: new Map([[INSTALL_KEY, identity]]) });
  return identity;
}

function isCohort(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < COHORTS;
}
