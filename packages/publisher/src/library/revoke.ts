import type { Release, ReleaseCustom } from '@nearside/artifact';
import { PublisherError } from '../errors/publisher-error.js';
import type { KeySource } from '../keys/key-source.js';
import { changeRepository, type PublishedRepository } from '../repository/change-repository.js';
import {
  customOf,
  isForEveryone,
  requireRelease,
  requireReleases,
} from '../repository/checking/release-rules.js';
import { requirePublished } from '../repository/reading/open-repository.js';
import type { RepositoryState } from '../repository/reading/read-repository.js';
import { type Rewritten, rewriteRelease, type SignedRewrite } from '../signing/rewrite-release.js';

export interface RevokeOptions extends KeySource {
  /** Directory of the repository. */
  readonly repository: string;
  readonly model: string;
  readonly version: string;
  /** The version to go back to; by default the newest that every device may run. */
  readonly fallback?: string | undefined;
  /** Revokes even if that leaves no version for every device. */
  readonly force?: boolean | undefined;
  readonly now?: () => number;
}

export interface Revocation extends Rewritten {
  readonly model: string;
  readonly version: string;
  readonly sequence: number;
  readonly state: 'revoked';
  /** What it was. A shadow served nobody, so no device goes back. */
  readonly was: ReleaseCustom['state'];
  /** The version that devices go back to; absent if none is left. */
  readonly fallback?: { readonly version: string; readonly sequence: number } | undefined;
}

/**
 * Takes a version back from every device, for good. The same again signs nothing.
 *
 * @throws NearsideError `model-not-found`, `no-version`, `version-conflict` when devices could not run the fallback,
 *   `gate-refused` when no version would be left for every device, `repository-locked`, a key code, or a trust code
 */
export async function revoke(options: RevokeOptions): Promise<Revocation> {
  const { repository } = options;
  const { result } = await changeRepository(repository, async ({ source, before, writer }) => {
    const published = requirePublished(before, repository);
    const { files, ...revocation } = await signRevocation({ source, before: published }, options);
    for (const [path, bytes] of files) await writer.write(path, bytes);
    return revocation;
  });
  return result;
}

/** Signs what {@link revoke} writes. */
export async function signRevocation(
  { source, before }: PublishedRepository,
  {
    model,
    version,
    fallback: fallbackVersion,
    force = false,
    now = Date.now,
    keys,
    passphrase,
  }: Omit<RevokeOptions, 'repository'>,
): Promise<Revocation & SignedRewrite> {
  const release = requireRelease(before, { model, version });
  const fallback =
    fallbackVersion === undefined
      ? chooseFallback(before, release)
      : requireFallback(before, release, fallbackVersion);
  const wasServing = release.state === 'canary' || release.state === 'stable';
  if (!fallback && !force && wasServing) throw lastOne(release);
  const custom = {
    ...customOf(release),
    state: 'revoked' as const,
    ...(fallback && { fallbackSequence: fallback.sequence }),
  };
  const options = { keys, passphrase, nowMs: now() };
  const rewritten = await rewriteRelease({ source }, { before, release, custom }, options);
  return {
    model,
    version,
    sequence: release.sequence,
    state: custom.state,
    was: release.state,
    fallback: fallback && { version: fallback.version, sequence: fallback.sequence },
    ...rewritten,
  };
}

/** An earlier revocation keeps its fallback, unless that is revoked too. Otherwise the same call would sign again. */
function chooseFallback(before: RepositoryState, release: Release): Release | undefined {
  const others = requireReleases(before, release.model).filter(
    ({ sequence }) => sequence !== release.sequence,
  );
  if (release.state === 'revoked') {
    const earlier = others.find(({ sequence }) => sequence === release.fallbackSequence);
    if (earlier?.state !== 'revoked') return earlier;
  }
  return others.find(isForEveryone);
}

function requireFallback(before: RepositoryState, release: Release, version: string): Release {
  const fallback = requireRelease(before, { model: release.model, version });
  if (fallback.sequence !== release.sequence && isForEveryone(fallback)) return fallback;
  const { model } = release;
  const got =
    fallback.sequence === release.sequence ? 'the version that is revoked' : fallback.state;
  throw new PublisherError(
    'version-conflict',
    `${model} ${version}: expected to fall back to a stable version that every device is offered, ` +
      `got ${got === 'canary' || got === 'shadow' ? `a ${got}` : got}.`,
    { details: { model, version: release.version, fallback: version, state: fallback.state } },
  );
}

function lastOne({ model, version, sequence }: Release): PublisherError {
  return new PublisherError(
    'gate-refused',
    `${model} ${version}: expected another version that every device may run, got none: devices ` +
      'would fail with version-revoked or no-version. Publish a good version first, or use --force.',
    { details: { model, version, sequence } },
  );
}
