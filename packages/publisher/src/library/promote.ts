import type { Release, ReleaseCustom } from '@nearside/artifact';
import { PublisherError } from '../errors/publisher-error.js';
import type { KeySource } from '../keys/key-source.js';
import { changeRepository } from '../repository/change-repository.js';
import { customOf, requireRelease } from '../repository/checking/release-rules.js';
import { requirePublished } from '../repository/reading/open-repository.js';
import { basisPoints, offeredTimes } from '../signing/offer-release.js';
import { type Rewritten, rewriteRelease } from '../signing/rewrite-release.js';

export interface PromoteOptions extends KeySource {
  /** Directory of the repository. */
  readonly repository: string;
  readonly model: string;
  readonly version: string;
  /** The share of devices that may run it, in percent; or `stable`, for all of them. */
  readonly to: number | 'stable';
  readonly now?: () => number;
}

export interface Promotion extends Rewritten {
  readonly model: string;
  readonly version: string;
  readonly sequence: number;
  readonly state: ReleaseCustom['state'];
  /** The share of devices that may run it now, in percent. */
  readonly percent: number;
}

/**
 * Offers a canary to more devices, or to all as stable. A rollout keeps its salt and only widens, so a device that
 * runs the version keeps it. The same again signs nothing.
 *
 * @throws NearsideError `model-not-found`, `no-version`, `version-conflict` when the version is revoked or its
 *   rollout wider already, `repository-locked`, a key code, or a trust code
 * @throws RangeError when the share is out of range
 */
export async function promote({
  repository,
  model,
  version,
  to,
  now = Date.now,
  ...keySource
}: PromoteOptions): Promise<Promotion> {
  if (to !== 'stable') basisPoints(to);
  const { result } = await changeRepository(repository, async (locked) => {
    const before = requirePublished(locked.before, repository);
    const release = requireRelease(before, { model, version });
    const nowMs = now();
    const custom = promoted(release, to, nowMs);
    const options = { ...keySource, nowMs };
    const rewritten = await rewriteRelease(locked, { before, release, custom }, options);
    const { sequence, state, rollout } = custom;
    const percent = rollout ? (rollout.toBps - rollout.fromBps) / 100 : 100;
    return { model, version, sequence, state, percent, ...rewritten };
  });
  return result;
}

function promoted(release: Release, to: number | 'stable', nowMs: number): ReleaseCustom {
  const custom = customOf(release);
  if (release.state === 'revoked') {
    throw refused(release, 'a version that is not revoked', 'a revoked one: publish a new version');
  }
  if (to === 'stable') {
    const { rollout: _rollout, ...everyone } = custom;
    return { ...everyone, state: 'stable' };
  }
  const { rollout } = release;
  if (!rollout) {
    throw refused(
      release,
      'a canary',
      'one that every device is offered already; `revoke` ends it',
    );
  }
  const toBps = rollout.fromBps + basisPoints(to);
  if (toBps < rollout.toBps || toBps > 10_000) {
    const percent = (rollout.toBps - rollout.fromBps) / 100;
    throw refused(release, `at least the ${percent} % it has`, `${to} %: a rollout only widens`);
  }
  if (toBps === rollout.toBps) return custom;
  const offeredMs = [...offeredTimes(rollout), nowMs];
  return { ...custom, rollout: { ...rollout, toBps, offeredMs } };
}

function refused(release: Release, expected: string, got: string): PublisherError {
  const { model, version, sequence, state } = release;
  return new PublisherError(
    'version-conflict',
    `${model} ${version}: expected ${expected}, got ${got}.`,
    { details: { model, version, sequence, state } },
  );
}
