import {
  modelNames,
  onOffer,
  type Release,
  type ReleaseCustom,
  releasesOf,
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
  const releases = targets ? releasesOf(targets.signed, model) : [];
  if (releases.length > 0) return releases;
  const offered = targets ? modelNames(targets.signed) : [];
  throw new NearsideError(
    'model-not-found',
    `Expected a model '${model}' in this repository, which offers: ${offered.join(', ') || 'none'}.`,
    { details: { model, offered } },
  );
}

/** The canary of a model that is out. */
export function canaryOut(
  { trusted: { targets } }: Pick<RepositoryState, 'trusted'>,
  model: string,
): Release | undefined {
  const releases = targets ? releasesOf(targets.signed, model) : [];
  return onOffer(releases).find(({ rollout }) => rollout);
}

/** The `custom` of a release, without the place of its bundle. */
export function customOf({
  targetName: _name,
  target: _target,
  ...custom
}: Release): ReleaseCustom {
  return custom;
}
