/** Answer of `GET /v1/fleet/releases`: what was done with versions, in order of time. */
export interface FleetReleases {
  readonly model: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly events: readonly ReleaseEvent[];
}

/** From then on a version is in this state. */
export interface ReleaseEvent {
  readonly atMs: number;
  readonly version: string;
  /** `seen`: it reported for the first time, and no facts say what it is. */
  readonly state: 'canary' | 'stable' | 'revoked' | 'seen';
  /** Installs whose bucket is in [fromBps, toBps) are to have it. Null: no rollout. */
  readonly rollout: { readonly fromBps: number; readonly toBps: number } | null;
}
