import type { ModelFacts } from '@nearside/core';
import type { VersionState } from '../counting/rollup-store.js';

/** What facts say of each version, as it is written down. */
export function releaseStates({ models }: ModelFacts): VersionState[] {
  return models.flatMap(({ model, versions }) =>
    versions.map(({ version, state, rollout }) => ({
      ...{ model, version, state },
      rollout: rollout ? { fromBps: rollout.fromBps, toBps: rollout.toBps } : null,
    })),
  );
}
