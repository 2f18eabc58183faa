/** Answer of `GET /v1/fleet/faults`: what went wrong beside runs, to find out why. */
export interface FleetFaults {
  readonly model: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly minDevices: number;
  /** Backends that devices left alone, the most frequent first. */
  readonly quarantines: readonly {
    readonly backend: string;
    readonly variant: string;
    readonly code: string;
    readonly n: number;
  }[];
  /** Calls that were refused because of their input, by code. */
  readonly invalid: Readonly<Record<string, number>>;
  /** Features with a value that was missing, stale or invalid, those with the most first. */
  readonly inputs: readonly FeatureFaults[];
  /** Versions that devices tried to update to, the newest first. */
  readonly updates: readonly UpdateFaults[];
  /** Candidates that ran beside the version that serves. */
  readonly shadow: readonly ShadowAgreement[];
}

export interface FeatureFaults {
  /** Its name in the signed model; `feature 3` where that is not known. */
  readonly feature: string;
  readonly missing: number;
  readonly stale: number;
  readonly invalid: number;
  /** All three, by the release that the app says it is, the most frequent first. */
  readonly apps: Readonly<Record<string, number>>;
}

export interface UpdateFaults {
  readonly version: string;
  readonly installed: number;
  /** [whole days since the version was released, installed], in order; empty where nobody knows when that was. */
  readonly byAge: readonly (readonly [days: number, installed: number])[];
  readonly failed: Readonly<Record<string, number>>;
  /** It served, and was given up. */
  readonly rolledBack: Readonly<Record<string, number>>;
}

export interface ShadowAgreement {
  readonly candidate: string;
  readonly n: number;
  /** Share of runs in which both said the same. */
  readonly agreement: number;
  /** Mean of how much longer the candidate takes, ms. */
  readonly latencyDifferenceMs: number;
  /** Failures of the candidate less those of what serves, ÷ runs. */
  readonly errorDifference: number;
}
