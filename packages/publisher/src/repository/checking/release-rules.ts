import {
  modelNames,
  onOffer,
  type Release,
  type ReleaseCustom,
  releasesOf,
  shadowOnOffer,
} from '@nearside/artifact';
import { NearsideError } from '@nearside/core';
import type { RepositoryState } from '../reading/read-repository.js';

const EVERY_DEVICE_BPS = 10_000;

/** @returns true if every device may run the version, so that others can fall back to it */
export function isForEveryone({ state, rollout }: ReleaseCustom): boolean {
  if (state !== 'stable') return false;
  return !rollout || (rollout.fromBps === 0 && rollout.toBps === EVERY_DEVICE_BPS);
}

/**
 * Finds a published version.
 *
 * @param version without it the newest that is not revoked
 * @throws NearsideError `model-not-found` or `no-version`, naming those there are
 */
export function requireRelease(
  { trusted }: RepositoryState,
  { model, version }: { model: string; version?: string | undefined },
): Release {
  const releases = requireReleases({ trusted }, model);
  const found = releases.find((release) =>
    version === undefined ? release.state !== 'revoked' : release.version === version,
  );
  if (found) return found;
  const offered = releases.map((release) => `${release.version} (${release.state})`);
  throw new NearsideError(
    'no-version',
    `${model}: expected ${version === undefined ? 'a version that is not revoked' : `a version ${version}`}` +
      `, got a repository with ${offered.join(', ')}.`,
    { details: { model, version, offered: releases.map((release) => release.version) } },
  );
}

/** All published versions of a model, newest first. Throws `model-not-found`. */
export function requireReleases(
  { trusted }: Pick<RepositoryState, 'trusted'>,
  model: string,
): Release[] {
  const { targets } = trusted;
  const releases = releasesIn({ trusted }, model);
  if (releases.length > 0) return releases;
  const offered = targets ? modelNames(targets.signed) : [];
  throw new NearsideError(
    'model-not-found',
    `Expected a model '${model}' in this repository, which offers: ${offered.join(', ') || 'none'}.`,
    { details: { model, offered } },
  );
}

/** All published versions of a model, newest first; none where it has none. */
export function releasesIn(
  { trusted: { targets } }: Pick<RepositoryState, 'trusted'>,
  model: string,
): Release[] {
  return targets ? releasesOf(targets.signed, model) : [];
}

/** The canary that is out, of all versions of a model. */
export function canaryOut(releases: readonly Release[]): Release | undefined {
  return onOffer(releases).find(({ rollout }) => rollout);
}

/** The shadow that is out, also while it waits because a canary is. */
export function shadowOut(releases: readonly Release[]): Release | undefined {
  return shadowOnOffer(releases.filter(({ state }) => state !== 'canary'));
}

/** @returns false for a canary or a shadow that a newer version ended */
export function isOut({ state, sequence }: Release, releases: readonly Release[]): boolean {
  if (state === 'shadow') return shadowOut(releases)?.sequence === sequence;
  return onOffer(releases).some((one) => one.sequence === sequence);
}

/** The `custom` of a release, without the place of its bundle. */
export function customOf({
  targetName: _name,
  target: _target,
  ...custom
}: Release): ReleaseCustom {
  return custom;
}
