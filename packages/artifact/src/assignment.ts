import type { Arm } from '@nearside/core';
import { isAdmitted, onOffer, type Release, releasesOf, saltOf } from './release.js';
import { experimentOf, rolloutBucket } from './rollout-bucket.js';
import type { Targets } from './tuf/metadata.js';

/** The side of a rollout that an install is on, whatever version serves there. */
export interface Assignment {
  readonly arm: Arm;
  /** The version that the rollout, or its absence, puts this install on. */
  readonly version: string;
  /** Undefined where there is no rollout. */
  readonly experiment: string | undefined;
}

const BUCKETS = 10_000;
/** A control arm is as wide as the canary's up to this limit. So nobody changes sides while a canary grows. */
const WIDEST_CONTROL = BUCKETS / 2;

/**
 * Finds the side of an install by its bucket alone. So a version that fails to load counts against its own side. The
 * control arm is the range at the other end of the buckets.
 *
 * @returns undefined where every version is rolled out to a part of the installs that this one is not in
 */
export async function assignInstall(
  targets: Targets,
  { model, installId }: { readonly model: string; readonly installId: string },
): Promise<Assignment | undefined> {
  const offered = onOffer(releasesOf(targets, model));
  const everywhere = offered.find(({ rollout }) => !rollout)?.version;
  const salt = saltOf(offered);
  if (salt === undefined) {
    return everywhere === undefined
      ? undefined
      : { arm: 'stable', version: everywhere, experiment: undefined };
  }
  const bucket = await rolloutBucket(salt, installId);
  const experiment = await experimentOf(salt);
  const canaries = offered.filter(({ rollout }) => rollout);
  const canary = canaries.find((release) => isAdmitted(release, bucket));
  if (canary) return { arm: 'canary', version: canary.version, experiment };
  if (everywhere === undefined) return undefined;
  const width = Math.min(WIDEST_CONTROL, Math.max(...canaries.map(widthOf)));
  const arm = bucket >= BUCKETS - width ? 'control' : 'stable';
  return { arm, version: everywhere, experiment };
}

function widthOf({ rollout }: Release): number {
  return rollout ? Math.max(0, rollout.toBps - rollout.fromBps) : 0;
}
